"""Names of runs, printed from the fields of an experiment as the papers' code names them. Nothing reads them back."""

from __future__ import annotations

from mmseg.experiments.fields import HRDA, TRAINED_ON_TARGET, Experiment, Masking

DEFAULT_CROP = 512
MASKED = {"target": "spt", "source": "sps", "both": "sp"}


def run_stem(experiment: Experiment) -> str:
    """The published name of a run without its seed, e.g. ``gta2cs_dacs_segformer_mitb5_poly10warm``."""
    return "_".join([*_domains(experiment), *_method(experiment), *_network(experiment), *_schedule(experiment)])


def _digits(value: float) -> str:
    """A number without its point: 0.1 is 01, 0 is 0."""
    return f"{value:g}".replace(".", "")


def _domains(experiment: Experiment) -> list[str]:
    resolution = "HR" if experiment.full_resolution else ""
    augmented = "CAug" if experiment.distorted and experiment.method in (*TRAINED_ON_TARGET, "generalization") else ""
    source = f"{experiment.source}{augmented}{resolution}" if experiment.source else ""
    crop = [f"{experiment.crop}x{experiment.crop}"] if experiment.crop != DEFAULT_CROP else []
    return [f"{source}2{experiment.target}{resolution}", *crop]


def _method(experiment: Experiment) -> list[str]:
    masked_source_only = experiment.method == "source-only" and experiment.masking is not None
    generalizes = experiment.method == "generalization"
    parts = ["dacs", "srconly"] if masked_source_only else ["dgdacs"] if generalizes else [experiment.method]
    if experiment.method == "dacs" and experiment.alpha != 0.99:
        parts.append(f"a{_digits(experiment.alpha)[1:]}")
    if experiment.feature_distance:
        parts.append({"all": "fd", "things": "fdthings"}[experiment.feature_distance])
    parts += ["srconly"] if generalizes else []
    if experiment.rare_class_temperature is not None:
        parts.append(f"rcs{_digits(experiment.rare_class_temperature)}" + ("-20" if experiment.full_resolution else ""))
    if experiment.second_crop:
        parts.append(f"sf{experiment.second_crop}x{experiment.second_crop}")
    if experiment.ignored_margins:
        parts.append({"rows": "cpl", "image": "cpl2"}[experiment.ignored_margins])
    parts += ["shade", "shb"] if experiment.style_hallucination else []
    return [*parts, *([_masking(experiment.masking)] if experiment.masking else [])]


def _masking(masking: Masking) -> str:
    domains = MASKED[masking.domains] + ("a" if masking.color_augmentation else "")
    parts = [f"m{masking.block}", _digits(masking.ratio)]
    parts += [] if masking.alpha is None else [f"a{_digits(masking.alpha)}"]
    parts += ["pN"] if masking.threshold is None else []
    return "-".join([*parts, "sep" if domains == "sp" else domains])


def _network(experiment: Experiment) -> list[str]:
    resolutions = [_hrda(experiment.hrda)] if experiment.hrda else []
    return [*resolutions, experiment.decoder, *(["sl"] if experiment.sliding_test else []), experiment.encoder]


def _hrda(hrda: HRDA) -> str:
    variants = {
        "fixedatt": not hrda.learned_attention,
        "nooverlap": not hrda.overlapping,
        "samescale": hrda.scale == 1,
        f"sc{_digits(hrda.scale)}": hrda.scale not in (0.5, 1),
        "blurhr": hrda.blurred_detail,
    }
    return "-".join(["hrda1", str(hrda.detail_crop), _digits(hrda.detail_loss), *(name for name, given in variants.items() if given)])


def _schedule(experiment: Experiment) -> list[str]:
    sgd = ["sgd", "00025", "pmF"] if experiment.optimizer == "sgd" else []
    return ["poly10warm" if experiment.warm_up else "poly10", *sgd]
