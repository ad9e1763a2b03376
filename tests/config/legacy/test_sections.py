"""Single sections of 0.x configs: what they become, and which of their keys and values are refused."""

import logging

import numpy as np
import pytest

from mmseg.config import load_config
from mmseg.config.legacy.data import scaled_margins
from mmseg.config.legacy.network import DEFAULT_NORMALIZATION, METHOD_OPTIONS, SHARED_OPTIONS, upgrade_model
from mmseg.datasets.transforms import keep_ratio_size, margin_mask, resize_label
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.registry import MODELS, options_of
from mmseg.utils.errors import UserError
from tests.config.legacy.published_form import changed, flattened, write_json

SOURCE, TARGET = "data.train.source", "data.train.target"
NO_ENTRY = object()


@pytest.fixture
def load(tmp_path):
    """Loads the HRDA run with changes by path; NO_ENTRY removes a key."""

    def run(**changes):
        config = flattened(tmp_path)
        for path, value in changes.items():
            config = changed(config, path, value)
        return load_config(write_json(tmp_path, without_removed(config)))

    return run


def without_removed(config):
    return {key: without_removed(value) for key, value in config.items() if value is not NO_ENTRY} if isinstance(config, dict) else config


@pytest.fixture
def refusal(load, tmp_path):
    """The error of the HRDA run with changes, without the name of the file."""

    def run(**changes) -> str:
        with pytest.raises(UserError) as caught:
            load(**changes)
        prefix = f"{tmp_path / 'released.json'}: "
        assert str(caught.value).startswith(prefix) and "\n" not in str(caught.value)
        return str(caught.value).removeprefix(prefix)

    return run


# Keys


@pytest.mark.parametrize(
    "path",
    [
        "fp16",
        "model.train_cfg.sampler",
        "uda.pseudo_treshold",
        "uda.mask_generators",
        "data.shuffle",
        "data.train.repeat",
        "data.train.rare_class_sampling.min_pixel",
        f"{SOURCE}.splits",
        f"{TARGET}.reduce_zero_labels",
        f"{SOURCE}.pipeline.0.to_float64",
        f"{SOURCE}.pipeline.3.crop_sise",
        f"{TARGET}.pipeline.6.size_divisor",
        "data.val.mode",
        "data.val.pipeline.1.scales",
        "data.val.pipeline.1.transforms.0.interpolation",
        "data.test.ignore_indices",
        "optimizer.lamda",
        "optimizer.paramwise_cfg.bias_lr_mult",
        "optimizer.paramwise_cfg.custom_keys.head.lr_mul",
        "optimizer_config.grad_clip",
        "lr_config.gamma",
        "runner.max_epochs",
        "evaluation.start",
    ],
)
def test_an_unknown_key_is_named_with_its_path(refusal, path):
    config = {"optimizer_config": {}} if path.startswith("optimizer_config") else {}
    shown = ".".join(path.split("."))
    for index in "0136":
        shown = shown.replace(f".{index}", f"[{index}]")
    line = refusal(**config, **{path: 1})
    assert line.startswith(f"{shown} is not understood. ") and line.endswith((".", "?")), line


@pytest.mark.parametrize("path", ["runner", "data.val", f"{SOURCE}.data_root", "lr_config.policy", "model.backbone", f"{TARGET}.pipeline"])
def test_a_missing_key_is_named_with_its_path(refusal, path):
    assert refusal(**{path: NO_ENTRY}).startswith((f"{path} is missing. Add it", f"{path} is None. Write a dictionary"))


@pytest.mark.parametrize("section", ["data", "lr_config", "optimizer_config", "model.decode_head", SOURCE, "log_config"])
def test_a_section_is_a_dictionary(refusal, section):
    assert refusal(**{section: 3}) == f"{section} is 3. Write a dictionary there."


# Values


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("runner.type", "EpochBasedRunner", "Use 'IterBasedRunner'."),
        ("evaluation.metric", "mDice", "Use 'mIoU' or ['mIoU']."),
        ("lr_config.policy", "step", "Use 'poly'."),
        ("lr_config.warmup", "exp", "Use 'linear' or None."),
        ("checkpoint_config.by_epoch", True, "Use False."),
        ("resume_from", "x.pth", "Remove it; --load-from FILE starts from the networks of a file, --resume goes on in a run folder."),
        ("uda.print_grad_magnitude", True, "Remove it, or use False."),
        ("uda.imnet_feature_dist_scale_method", "nearest", "Use 'ratio' or None."),
        ("uda.max_iters", 7, "Remove it; the config has it at the top or in runner."),
        (f"{SOURCE}.pipeline.2.keep_ratio", False, "Use True."),
        (f"{SOURCE}.pipeline.5.to_rgb", False, "Use True."),
        (f"{SOURCE}.pipeline.6.seg_pad_val", 0, "Use 255."),
        (f"{SOURCE}.pipeline.6.size", [512, 512], "Use the crop_size [1024, 1024]."),
        (f"{SOURCE}.crop_pseudo_margins", [1, 1, 1, 1], "Remove it; margins are for the target."),
        (f"{TARGET}.reduce_zero_label", True, "Use False or None."),
        ("data.val.ignore_index", 0, "Use 255."),
        ("data.val.pipeline.1.flip", True, "For several scales or flips there is tools/test.py --aug-test: leave it out."),
        ("data.val.pipeline.1.img_ratios", [0.5, 1.0], "For several scales or flips there is tools/test.py --aug-test: leave it out."),
    ],
)
def test_a_value_without_counterpart(refusal, path, value, text):
    shown = path
    for index in "012356":
        shown = shown.replace(f".{index}", f"[{index}]")
    assert refusal(**{path: value}) == f"{shown} is {value!r}, which has no counterpart here. {text}"


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("optimizer.type", "Adagrad", "optimizer.type is 'Adagrad'. Use 'AdamW' or 'SGD'."),
        ("uda.type", "DAC", "uda.type is 'DAC'. Use 'DACS' or 'AdvSeg' or 'MinEnt', or write the config in the native form."),
        ("lr_config.min_lr", 1e-5, "lr_config.min_lr is 1e-05 together with a warm-up"),
        ("data.val.pipeline.1.img_scale", [[512, 256], [1024, 512]], "data.val.pipeline[1].img_scale is [[512, 256], [1024, 512]]. For"),
        (f"{TARGET}.pipeline.3.cat_max_ratio", 0.75, f"{TARGET}.pipeline[3].cat_max_ratio would need labels of the target. Remove it."),
        (f"{TARGET}.pipeline.5.mean", [0, 0, 0], f"{TARGET}.pipeline normalises by"),
        (f"{TARGET}.pipeline.5.type", "PhotoMetricDistortion", f"{TARGET}.pipeline[5].mean is not understood."),
        (f"{SOURCE}.pipeline.4.type", "RandomRotate", f"{SOURCE}.pipeline[4].type is 'RandomRotate', which is not understood."),
        (f"{SOURCE}.pipeline.0.type", "LoadAnnotations", f"{SOURCE}.pipeline has its steps in another order, or twice."),
        (f"{TARGET}.crop_pseudo_margins", [30, 241, 30, 30], None),
        (f"{SOURCE}.type", "GTADatset", f"{SOURCE}.type is 'GTADatset', which is not known. Did you mean 'GTADataset'?"),
        ("uda.style_consistency_lambda", 10, "uda.style_consistency_lambda is 10, which has no counterpart here. Use 0, or source_only"),
        ("uda.imnet_feature_dist_scale_min_ratio", None, "uda.imnet_feature_dist_scale_min_ratio is None, but classes are given."),
        ("uda", NO_ENTRY, "uda is missing, but data.train.type is 'UDADataset'."),
    ],
)
def test_what_else_is_refused(load, refusal, path, value, text):
    if text is None:
        assert load(**{path: value}).train_dataloader.dataset.crop_pseudo_margins == value
    else:
        assert refusal(**{path: value}).startswith(text)


# What sections become


def test_margins_are_those_of_the_resized_image(load):
    pipeline = {f"{TARGET}.pipeline.2.img_scale": [1024, 512], f"{TARGET}.valid_mask_size": [1024, 2048]}
    assert load(**pipeline).train_dataloader.dataset.crop_pseudo_margins == [15, 120, 15, 15]
    assert scaled_margins([30, 240, 30, 30], [1080, 1920], [1920, 1080]) == [30, 240, 30, 30]
    assert load(**{f"{TARGET}.pipeline.2.img_scale": [1280, 640]}).train_dataloader.dataset.crop_pseudo_margins == [19, 150, 19, 18]


def margins_of(mask: np.ndarray) -> list[int]:
    """What is 0 at the top, bottom, left and right of a mask whose inside is 1."""
    rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0).nonzero()[0]
    return [int(rows[0]), len(mask) - 1 - int(rows[-1]), int(columns[0]), mask.shape[1] - 1 - int(columns[-1])]


@pytest.mark.parametrize("size", [(1024, 2048), (1080, 1920), (1052, 1914), (241, 97)], ids=str)
@pytest.mark.parametrize("share", [0.25, 0.3, 0.5, 0.625, 0.7, 0.75, 1.0, 1.3, 1.5, 2.0])
@pytest.mark.parametrize("margins", [(30, 240, 30, 30), (1, 2, 3, 4), (0, 0, 0, 0), (15, 120, 15, 17)], ids=str)
def test_margins_are_those_of_a_mask_that_is_resized_with_the_image(size, share, margins):
    """The mask that the published code carries along: 0 in the margins, nearest resizing."""
    margins = [min(margin, side // 3) for margin, side in zip(margins, (size[0], size[0], size[1], size[1]), strict=True)]
    scale = (round(size[1] * share), round(size[0] * share))
    inside = resize_label(margin_mask(*size, margins), keep_ratio_size(size, scale))
    assert scaled_margins(margins, size, scale) == margins_of(inside)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("log_config.img_interval", 1000),
        ("log_config.file", "a"),
        ("log_config.hooks.0.type", "WandbLoggerHook"),
        ("checkpoint_config.out_dir", "a"),
    ],
)
def test_what_changes_no_result_is_a_note(load, caplog, path, value):
    without = load().to_dict()
    with caplog.at_level(logging.WARNING):
        assert load(**{path: value}).to_dict() == without
    shown = "log_config.hooks[0] is {'type': 'WandbLoggerHook'" if "hooks" in path else f"{path} is not read: no result depends on it."
    (record,) = caplog.records
    assert record.message.startswith(shown)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.val.test_mode", True),
        ("data.test.reduce_zero_label", False),
        (f"{SOURCE}.ignore_index", 255),
        (f"{SOURCE}.split", None),
        (f"{SOURCE}.pipeline.0.to_float32", True),
        (f"{SOURCE}.pipeline.8.meta_keys", ["a"]),
        ("evaluation.save_best", "mIoU"),
        ("device", "cuda"),
        ("data.val.pipeline.1.transforms.4.meta_keys", ["a"]),
    ],
)
def test_what_means_the_same_passes_in_silence(load, caplog, path, value):
    without = load().to_dict()
    with caplog.at_level(logging.WARNING):
        assert load(**{path: value}).to_dict() == without and not caplog.records


def test_lists_of_files_are_passed_on(load):
    cfg = load(**{f"{SOURCE}.split": "splits/a.txt", f"{TARGET}.split": "b.txt", "data.val.split": "c.txt", "data.test.split": "c.txt"})
    data = cfg.train_dataloader.dataset
    assert (data.source.split, data.target.split, cfg.val_dataloader.dataset.split) == ("splits/a.txt", "b.txt", "c.txt")


def test_a_supervised_run_does_not_look_at_its_target(load, refusal, caplog):
    """As MIC's: the target is there, with a crop that would need its labels."""
    alone = {"uda.source_only": True, "uda.imnet_feature_dist_lambda": 0, f"{TARGET}.pipeline.3.cat_max_ratio": 0.75}
    with caplog.at_level(logging.WARNING):
        cfg = load(**alone, **{"uda.mask_mode": "separatesrc"})
    assert cfg.uda.type == "SourceOnly" and "cat_max_ratio" not in cfg.train_dataloader.dataset.target_crop
    assert caplog.records[0].message.startswith(f"{TARGET}.pipeline[3].cat_max_ratio would need labels of the target. It is not read")
    assert refusal(**alone, **{"uda.mask_mode": "separatetrg"}).startswith(f"{TARGET}.pipeline[3].cat_max_ratio would need labels")


def test_domain_generalisation(load, tmp_path):
    """A source, with or without a target that nobody looks at; the hook of styles keeps its options."""
    train = flattened(tmp_path)["data"]["train"]
    changes = {"uda.source_only": True, "uda.share_src_backward": True}
    styles = {"uda.style_consistency_lambda": 10.0, "style_hallucination_hook": {"interval": 7, "samples_per_gpu": 3}}
    cfg = load(**changes, **styles, **{"data.train": {**train, "type": "DGDataset"}})
    distance = {key: value for key, value in load().uda.items() if key.startswith("imnet")}
    assert cfg.uda == {"type": "DomainGeneralization", **distance, "style_consistency_lambda": 10.0}
    assert set(cfg.train_dataloader.dataset) == {"type", "source", "source_crop", "rare_class_sampling"}
    assert cfg.custom_hooks[-1] == {"type": "BaseStylesHook", "interval": 7, "samples_per_gpu": 3}
    alone = {key: value for key, value in train.items() if key != "target"}
    assert load(**changes, **{"data.train": {**alone, "type": "DGDataset"}}).uda == {"type": "DomainGeneralization", **distance}


@pytest.mark.parametrize(("dataset", "method"), [("CityscapesDataset", "TargetOnly"), ("GTADataset", "SourceOnly")])
def test_supervised_training(load, tmp_path, dataset, method):
    train = flattened(tmp_path)["data"]["train"]["source"]
    distorted = [*train["pipeline"][:5], {"type": "PhotoMetricDistortion"}, *train["pipeline"][5:]]
    cfg = load(**{"data.train": {**train, "type": dataset, "pipeline": distorted}, "uda": NO_ENTRY})
    assert cfg.uda == {"type": method}
    data = cfg.train_dataloader.dataset
    assert set(data) == {"type", "source", "source_crop"} and data.source.type == dataset and "pipeline" not in data.source
    crop = {"img_scale": [2560, 1440], "crop_size": [1024, 1024], "cat_max_ratio": 0.75, "flip_prob": 0.5, "pad": True}
    assert data.source_crop == {**crop, "photo_metric_distortion": True}


def test_a_method_needs_its_target(refusal, tmp_path):
    line = refusal(**{"data.train": flattened(tmp_path)["data"]["train"]["source"]})
    assert line.startswith("data.train.type is 'GTADataset', but uda.type 'DACS' needs a target.")


def test_unlabelled_targets_and_synchronised_crops(load, tmp_path):
    steps = flattened(tmp_path)["data"]["train"]["target"]["pipeline"]
    changes = {f"{TARGET}.pipeline": [steps[0], *steps[2:]], f"{TARGET}.type": "ACDCDataset", f"{TARGET}.crop_pseudo_margins": NO_ENTRY}
    data = load(**changes, **{"data.train.sync_crop_size": [512, 512]}).train_dataloader.dataset
    assert data.sync_crop_size == [512, 512] and "crop_pseudo_margins" not in data and "ann_dir" not in data.target


def test_a_differing_test_split_is_kept(load):
    cfg = load(**{"data.test.img_dir": "leftImg8bit/test"})
    assert cfg.test_dataloader == {**cfg.val_dataloader, "dataset": {**cfg.val_dataloader.dataset, "img_dir": "leftImg8bit/test"}}
    assert "test_dataloader" not in load(**{"data.test": NO_ENTRY})


def test_masked_image_consistency_is_passed_on(load):
    mask = {"mask_mode": "separatetrgaug", "mask_alpha": "same", "mask_pseudo_threshold": "same", "mask_lambda": 1}
    mask["mask_generator"] = {"type": "block", "mask_ratio": 0.7, "mask_block_size": 64}
    changes = {f"uda.{key}": value for key, value in mask.items()}
    uda = load(**changes, **{"uda.source_only": False, "uda.ema_drop_path_rate": 0.1}).uda
    assert {key: uda[key] for key in mask} == mask and uda.alpha == 0.999 and not {"source_only", "ema_drop_path_rate"} & set(uda)
    alone = load(**changes, **{"uda.source_only": True, "uda.imnet_feature_dist_lambda": 0}).uda
    assert alone == {key: value for key, value in {**uda, "type": "SourceOnly"}.items() if not key.startswith(("imnet", "mix"))}


@pytest.mark.parametrize("options", [{"type": "AdvSeg", "lr_D": 1e-4, "lr_D_min": 0}, {"type": "MinEnt", "lambda_ent": {"main": 1}}])
def test_other_methods_keep_their_options(load, options):
    assert load(uda={**options, "debug_img_interval": 10}).uda == options


@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_what_is_passed_on_are_options_of_the_method(method):
    assert {*METHOD_OPTIONS[method], *SHARED_OPTIONS} <= options_of(MODELS.get(method)).keys()


def test_another_normalisation_belongs_to_the_method(load):
    default = SegDataPreprocessor()
    assert {"mean": list(default.grey_mean), "std": list(default.grey_std)} == DEFAULT_NORMALIZATION
    places = [f"{SOURCE}.pipeline.5", f"{TARGET}.pipeline.5"] + [f"data.{split}.pipeline.1.transforms.2" for split in ("val", "test")]
    cfg = load(**{f"{place}.mean": [1.0, 2.0, 3.0] for place in places})
    assert cfg.uda.data_preprocessor == {"type": "SegDataPreprocessor", **DEFAULT_NORMALIZATION, "mean": [1.0, 2.0, 3.0]}


def test_weights_to_start_from(load):
    assert load(load_from="w.pth").load_from == "w.pth" and "load_from" not in load()


def test_names_of_earlier_releases():
    decoder = {"embed_dims": 8, "fusion_cfg": {"type": "aspp", "fusion": "aspp", "sep": True}}
    head = {"type": "MultiResAttentionWrapper", "single_scale_head": "UniHead", "decoder_params": decoder}
    backbone = {"type": "mit_b5", "ema_drop_path_rate": 0.1}
    old = {"type": "MultiResEncoderDecoder", "pretrained": None, "backbone": backbone, "decode_head": head, "train_cfg": {"work_dir": "w"}}
    new = upgrade_model(old)
    assert new == {
        "type": "HRDAEncoderDecoder",
        "pretrained": None,
        "backbone": {"type": "mit_b5"},
        "decode_head": {
            "type": "HRDAHead",
            "single_scale_head": "DAFormerHead",
            "decoder_params": {"embed_dims": 8, "fusion_cfg": {"type": "aspp", "sep": True}},
        },
    }
    assert old["decode_head"]["decoder_params"]["fusion_cfg"]["fusion"] == "aspp"
    single = upgrade_model({"type": "EncoderDecoder", "backbone": {}, "decode_head": {"type": "UniHead", "decoder_params": decoder}})
    assert single["decode_head"] == {"type": "DAFormerHead", "decoder_params": new["decode_head"]["decoder_params"]}


def test_synchronised_norm_is_mentioned(caplog):
    norm = {"type": "SyncBN", "requires_grad": True}
    with caplog.at_level(logging.WARNING):
        model = upgrade_model({"type": "EncoderDecoder", "backbone": {"norm_cfg": norm}, "decode_head": {"deep": {"norm_cfg": norm}}})
    assert model["backbone"]["norm_cfg"] == model["decode_head"]["deep"]["norm_cfg"] == {"type": "BN", "requires_grad": True}
    assert [record.message for record in caplog.records] == ["norm_cfg: SyncBN is read as BN, with statistics of one process."]
