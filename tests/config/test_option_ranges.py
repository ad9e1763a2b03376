"""Values of options outside their range are one line that names the option; those inside are none."""

import sys

import pytest
from mmengine.registry import OPTIMIZERS, PARAM_SCHEDULERS

from mmseg.config.config import load_config
from mmseg.config.sections import check_samplers, check_sections
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions
from mmseg.engine.parts import build_method, check_engine_parts
from mmseg.models.decode_heads.layers import DECODER_LAYERS
from mmseg.registry import DATASETS, HOOKS, METRICS, MODELS, OBJECTIVES, check_component, find
from mmseg.utils.errors import UserError
from tests import tiny

NOT_A_NUMBER = float("nan")
BN = {"type": "BN", "requires_grad": True}


@pytest.mark.parametrize(
    ("registry", "kind", "option", "wrong", "right"),
    [
        (DATASETS, "GTADataset", "test_scale", [(0, 10), (10,), 512, (10.5, 10)], [(512, 256), None]),
        (DATASETS, "GTADataset", "depth", [7, 17, 8.0, True], [8, 16, None]),
        (DATASETS, "GTADataset", "range", [(1,), (NOT_A_NUMBER, 1), "0 1"], [(0, 4095), (-1.0, 1.0)]),
        (DATASETS, "FolderDataset", "palette", [[(0, 0)], [(0, 0, 256)], [(0, 0, -1)]], [[(0, 0, 0), (255, 255, 255)]]),
        (DATASETS, "FolderDataset", "label_map", [{0: 1.5}, {-1: "sky"}, 3], [{0: "sky", 255: 1}, {"0": "sky"}, ["sky", 1], None]),
        (DATASETS, "FolderDataset", "ignore", [[-1], [1.5], 255], [[255, "sky"], []]),
        (DATASETS, "SeveralDatasets", "weights", [[0, 1], [NOT_A_NUMBER]], [[1, 2.5], None]),
        (DATASETS, "UDADataset", "crop_pseudo_margins", [[1, 2, 3], [1, 2, 3, -4]], [[0, 0, 0, 0], None]),
        (DATASETS, CropOptions, "cat_max_ratio", [1.01, -0.1, NOT_A_NUMBER], [0, 0.75, 1]),
        (DATASETS, CropOptions, "crop_size", [(0, 64), (64,), 64], [(64, 64)]),
        (PARAM_SCHEDULERS, "LinearLR", "start_factor", [0, 1.1, NOT_A_NUMBER], [1e-6, 1]),
        (DATASETS, RareClassOptions, "min_pixels", [-1, 2.5], [0, 3000]),
        (DATASETS, RareClassOptions, "class_temp", [0, -0.1, NOT_A_NUMBER], [0.01, float("inf")]),
        (METRICS, "IoUMetric", "ignore_index", [0, 254, None], [255]),
        (MODELS, "FCNHead", "ignore_index", [0, 255.0], [255]),
        (MODELS, "FCNHead", "kernel_size", [2, 0, 3.0], [1, 3]),
        (MODELS, "FCNHead", "dropout_ratio", [1, -0.1], [0, 0.5]),
        (MODELS, "DAFormerHead", "norm_cfg", [{"type": "BNx"}, {"requires_grad": True}, {**BN, "epss": 1}, {**BN, "eps": 0}], [BN, None]),
        (
            MODELS,
            "DAFormerHead",
            "decoder_params",
            [{"embed_dims": 0}, {"embed_cfg": "mlp"}],
            [{"embed_dims": 8, "embed_cfg": {"type": "mlp"}}],
        ),
        (MODELS, "DAFormerHead", "in_channels", [[], [0], 8], [[8, 16]]),
        (
            MODELS,
            "SegFormerHead",
            "decoder_params",
            [{"conv_kernel_size": 2}, {"conv_kernel_size": 1.0}, {"conv_kernel_size": True}],
            [{"conv_kernel_size": 1}],
        ),
        (MODELS, "HRDAHead", "hr_loss_weight", [-0.1, 1.5, NOT_A_NUMBER], [0, 0.1, 1]),
        (MODELS, "HRDAEncoderDecoder", "scales", [(1,), (1, 0), (1, NOT_A_NUMBER)], [(1, 0.5)]),
        (MODELS, "HRDAEncoderDecoder", "feature_scale", [0, -1, None], [0.5, "all"]),
        (MODELS, "EncoderDecoder", "test_cfg", [{"batched_slide": "false"}, {"stride": 64}, {"pixels_per_pass": 0}], [{"mode": "whole"}]),
        (MODELS, "MixVisionTransformer", "in_channels", [1, 3.0, None], [3]),
        (MODELS, "ResNeSt", "radix", [1, 2.0], [2]),
        (MODELS, "TimmBackbone", "out_indices", [[], [-1], [0.5]], [[0, 1, 2, 3]]),
        (MODELS, "SegDataPreprocessor", "mean", [(0, 0), (0, 0, 256), (0, -1, 0)], [(123.675, 116.28, 103.53)]),
        (MODELS, "CrossEntropyLoss", "reduction", ["none", "avg"], ["mean", "sum"]),
        (MODELS, "CrossEntropyLoss", "class_weight", [[], [-1.0], [NOT_A_NUMBER]], [[0, 1.5], None]),
        (DECODER_LAYERS, "conv", "kernel_size", [0, 2], [1, 3]),
        (DECODER_LAYERS, "aspp", "dilations", [[], [0], 6], [(1, 6)]),
        (DECODER_LAYERS, "aspp", "act_cfg", [{"type": "Relu"}, "ReLU"], [{"type": "ReLU"}, None]),
        (OBJECTIVES, "Discriminate", "domain", ["sources", None], ["source", "target"]),
    ],
)
def test_ranges(registry, kind, option, wrong, right):
    needed = {"by_epoch": False} if registry is PARAM_SCHEDULERS else {}
    for value in right:
        check_component({"type": kind, option: value, **needed}, registry)
    for value in wrong:
        with pytest.raises(UserError, match=option) as caught:
            check_component({"type": kind, option: value, **needed}, registry)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["this", "", "this.s", "os.system", 3, None, ["DACS"], {"type": "DACS"}])
def test_a_name_is_looked_up_in_registries_alone(name):
    sys.modules.pop("this", None)
    with pytest.raises(UserError, match="is not a registered model"):
        check_component({"type": name}, MODELS)
    assert "this" not in sys.modules


def test_names_of_the_engine_are_known():
    assert find("AdamW", OPTIMIZERS) is not None
    assert find("IterTimerHook", HOOKS) is not None and find("ResultHook", HOOKS) is not None
    assert find("ResultHook", OPTIMIZERS) is None


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("model", [], "model is \\[\\]. It should be a dictionary"),
        ("model", {"type": "x", "decode_head": {}}, r"model\.backbone is missing"),
        ("train_dataloader", {"dataset": {"source": {}}}, r"train_dataloader\.dataset\.source\.type is missing"),
        ("val_dataloader", {"dataset": {"type": "GTADataset"}}, r"val_dataloader\.sampler is missing"),
        ("custom_hooks", {"type": "ResultHook"}, "custom_hooks is .* It should be a list"),
        ("param_scheduler", [{"type": None}], r"param_scheduler\[0\]\.type is None"),
        ("optim_wrapper", {"optimizer": "AdamW"}, r"optim_wrapper\.optimizer is 'AdamW'. It should be a dictionary"),
        ("demo_data", 3, "demo_data is 3. It should be a text"),
    ],
)
def test_sections_of_another_kind(key, value, words):
    check_sections({}, "own.py")
    with pytest.raises(UserError, match=f"^own.py: {words}"):
        check_sections({key: value}, "own.py")


@pytest.mark.parametrize(
    ("loader", "kind", "other"),
    [
        ("train_dataloader", "DefaultSampler", "RunningIndexSampler"),
        ("train_dataloader", "mmengine.InfiniteSampler", "RunningIndexSampler"),
        ("val_dataloader", "RunningIndexSampler", "DefaultSampler"),
        ("val_dataloader", "InfiniteSampler", "DefaultSampler"),
        ("test_dataloader", "RunningIndexSampler", "DefaultSampler"),
    ],
)
def test_samplers_of_the_other_purpose(loader, kind, other):
    with pytest.raises(UserError, match=f"^own.py: {loader}.sampler is {kind}, which .* Use dict\\(type='{other}'"):
        check_samplers({loader: {"sampler": {"type": kind}}}, "own.py", training=True)
    check_samplers({loader: {"sampler": {"type": other}}}, "own.py", training=True)


@pytest.mark.parametrize("loader", ["train_dataloader", "val_dataloader"])
def test_batches_are_made_of_their_size_alone(loader):
    with pytest.raises(UserError, match=f"^own.py: {loader}.batch_sampler is not read here. Leave it out"):
        check_samplers({loader: {"batch_sampler": {"type": "x"}}}, "own.py", training=True)
    check_samplers({loader: {"batch_sampler": None}}, "own.py", training=True)


def test_an_evaluation_after_the_end():
    last = load_config(tiny.ROOT / tiny.CONFIG, {"train_cfg.max_iters": 9, "train_cfg.val_begin": 9})
    assert last.train_cfg.val_begin == 9
    with pytest.raises(UserError, match=r"val_begin is 10 of 9 iterations, .* Use 9 or less"):
        load_config(tiny.ROOT / tiny.CONFIG, {"train_cfg.max_iters": 9, "train_cfg.val_begin": 10})


@pytest.mark.parametrize("option", ["img_scale", "crop_size"])
def test_crops_of_images_that_no_memory_holds(option):
    sizes = {"img_scale": (64, 64), "crop_size": (64, 64), "pad": True}
    assert CropOptions(**{**sizes, option: (32768, 16384)})
    with pytest.raises(UserError, match=f"^{option}=.32768, 16385. is more than"):
        CropOptions(**{**sizes, option: (32768, 16385)})


@pytest.mark.parametrize("width", [10**13, 10**18, 10**30])
def test_a_network_larger_than_any_memory(width):
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"model.decode_head.channels": width})
    with pytest.raises(UserError, match=r"The networks of model do not fit into memory, .* Correct the widths in model\."):
        build_method(cfg)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": float("inf")}, "scale=inf is no share"),
        ({"train_dataloader.dataset.source_crop": {"full_size": (512, {}), "cat_max_ratio": 1.0}}, r"full_size\[1\] is {}"),
    ],
)
def test_sizes(options, words):
    with pytest.raises(UserError, match=words):
        load_config(tiny.ROOT / tiny.CONFIG, options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"param_scheduler.0.end": 1, "param_scheduler.0.begin": 5}, "LinearLR: end should be larger than begin"),
        ({"env_cfg.dist_cfg.backend": "ncll"}, r"env_cfg: dist_cfg\.backend is 'ncll'"),
        ({"test_dataloader": {"dataset": {"type": "GTADataset", "depth": 3}, "sampler": {"type": "DefaultSampler"}}}, "depth is 3"),
    ],
)
def test_parts_of_the_engine(options, words):
    options = {"test_dataloader.batch_size": 1, "test_dataloader.num_workers": 0, **options} if "test_dataloader" in options else options
    cfg = load_config(tiny.ROOT / tiny.CONFIG)
    check_engine_parts(cfg)
    cfg.merge_from_dict(options)
    with pytest.raises(UserError, match=words):
        check_engine_parts(cfg)
