"""State-dict keys, shapes, order and parameter counts of the published networks, built on the meta device."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch
from torch import nn

from mmseg.registry import MODELS
from tests.parity.records import Record, parametrize, reference_folder


def _experiments(study: str) -> dict:
    """All published runs of a paper; skips the test where they are absent."""
    folder = reference_folder()
    path = folder / "experiments" / f"{study}.json" if folder else None
    if path is None or not path.is_file():
        pytest.skip(f"no experiments/{study}.json (set MMSEG_REFERENCE to the folder of reference records)")
    return json.loads(path.read_text())


def _published_model(study: str, experiment: str) -> dict:
    """The model of the first run of an experiment, as it lies beside the released checkpoint."""
    return _experiments(study)[experiment][0]["cfg"]["model"]


def _hrda_head(**options) -> dict:
    return {**_published_model("hrda", "40")["decode_head"], **options}


RECIPES: dict[str, Callable[[], dict]] = {
    "a_hrda_gtaHR2csHR_segmentor": lambda: _published_model("hrda", "40"),
    "a_hrda_head_fixedatt": lambda: _hrda_head(fixed_attention=0.5),
    "a_hrda_head_singleatt": lambda: _hrda_head(attention_classwise=False),
    "c_daformer_gta2cs_segmentor": lambda: _published_model("daformer", "7"),
    "c_daformer_repo_gta2cs_segmentor": lambda: _published_model("daformer", "7"),
    "e_mic_gtaHR2csHR_segmentor": lambda: _published_model("hrda", "40"),
    "e_mic_repo_hrda_segmentor": lambda: _published_model("hrda", "40"),
}


def _build(record: Record) -> nn.Module:
    name = record.path.stem
    if "decode_head_cfg" in record.info:
        options = record.info["decode_head_cfg"]
    elif name.startswith("f_mit_b"):
        options = {"type": name.removeprefix("f_").removesuffix("_backbone")}
    else:
        options = RECIPES[name]()
    with torch.device("meta"):  # neither memory nor the pretrained file is needed
        return MODELS.build(dict(options))


def _check(record: Record) -> None:
    model = _build(record)
    assert [[key, list(value.shape)] for key, value in model.state_dict().items()] == [entry[:2] for entry in record.info["entries"]]
    assert [name for name, _ in model.named_parameters()] == record.info["parameters_order"]
    assert sum(parameter.numel() for parameter in model.parameters()) == record.info["n_params"]


@parametrize("manifests/a_*")
def test_hrda_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/c_*", exclude="*_uda_*")
def test_daformer_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/e_*_segmentor")
def test_mic_manifest(record: Record) -> None:
    _check(record)


@parametrize("manifests/f_*")
def test_encoder_manifest(record: Record) -> None:
    _check(record)


@pytest.mark.parametrize("study, experiments", [("hrda", ("40", "42", "43", "44", "49")), ("daformer", ("6", "7", "8"))])
def test_every_published_transformer_config_builds(study: str, experiments: tuple[str, ...]) -> None:
    runs = _experiments(study)
    models = {json.dumps(run["cfg"]["model"], sort_keys=True) for name in experiments for run in runs[name]}
    ours = [json.loads(model) for model in models if '"mit_b' in model and "DAFormerHead" in model]
    assert ours
    for options in ours:
        with torch.device("meta"):
            MODELS.build(options)
