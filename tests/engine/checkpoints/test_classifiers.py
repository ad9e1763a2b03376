"""What of every decoder depends on the classes, and starting with others of them."""

import pytest
import torch

import mmseg.models.registered  # noqa: F401  all decoders
from mmseg.engine.checkpoints.classifiers import check_class_count, classifier_entries
from mmseg.engine.checkpoints.weights import load_method, load_segmentor
from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.engine.test_checkpoint_weights import FILE, below, method, same, state
from tests.models.networks import BN, daformer_head, deeplab_head, hrda, plain, segformer_head

LEVEL = {"in_channels": 32, "in_index": 3, "channels": 8, "norm_cfg": BN, "num_classes": 5}
LEVELS = {"in_channels": [8, 16, 24, 32], "in_index": [0, 1, 2, 3], "channels": 8, "norm_cfg": BN, "num_classes": 5}
HEADS = {
    "DAFormerHead": {"type": "DAFormerHead", **daformer_head()},
    "SegFormerHead": segformer_head(),
    "DLV2Head": deeplab_head(),
    "LightHead": {"type": "LightHead", "in_channels": 32, "in_index": 3, "num_classes": 5},
    "TopDownHead": {"type": "TopDownHead", "in_channels": [8, 16, 24, 32], "num_classes": 5},
    "FCNHead": {"type": "FCNHead", **LEVEL},
    "FADAHead": {"type": "FADAHead", "in_channels": 32, "in_index": 3, "num_classes": 5, "dilations": (1, 2)},
    "SEASPPHead": {"type": "SEASPPHead", "in_channels": 32, "in_index": 3, "channels": 8, "num_classes": 5, "dilations": (1, 2)},
    "DLV3PlusHead": {
        "type": "DLV3PlusHead",
        "in_channels": [8, 32],
        "channels": 8,
        "c1_channels": 4,
        "num_classes": 5,
        "dilations": (1, 2),
    },
    "DAHead": {"type": "DAHead", "pam_channels": 4, **LEVEL},
    "ISAHead": {"type": "ISAHead", "isa_channels": 4, "down_factor": (2, 2), **LEVEL},
    "UPerHead": {"type": "UPerHead", "pool_scales": (1, 2), **LEVELS},
    "DepthwiseSeparableASPPHead": {
        "type": "DepthwiseSeparableASPPHead",
        "dilations": (1, 2),
        "c1_in_channels": 8,
        "c1_channels": 4,
        **LEVELS,
        "in_channels": 32,
        "in_index": 3,
    },
}
NETWORKS = {
    **{name: {**plain(), "decode_head": head} for name, head in HEADS.items()},
    "auxiliary head": {**plain(), "auxiliary_head": HEADS["FCNHead"]},
    "HRDA": hrda(),
    "HRDA, one attention map": hrda(attention_classwise=False),
    "HRDA, no attention": hrda(fixed_attention=0.5),
}


def built(config: dict, classes: int) -> torch.nn.Module:
    heads = {key: {**config[key], "num_classes": classes} for key in ("decode_head", "auxiliary_head") if key in config}
    with torch.device("meta"):
        return MODELS.build({**config, **heads})


def test_every_decoder_is_tried():
    registered = {name: cls for name, cls in MODELS.module_dict.items() if cls.__module__.startswith("mmseg.models.decode_heads.")}
    assert HEADS.keys() == {name for name, cls in registered.items() if issubclass(cls, DecodeHead)}


@pytest.mark.parametrize("name", NETWORKS)
def test_classifiers_are_what_has_other_shapes_with_other_classes(name):
    first, second = built(NETWORKS[name], 5), built(NETWORKS[name], 7)
    shapes = second.state_dict()
    assert classifier_entries(first) == {key for key, value in first.state_dict().items() if value.shape != shapes[key].shape}


def other(config: dict) -> dict:
    """The weights of a trained network with seven classes instead of five."""
    return state({**config, "decode_head": {**config["decode_head"], "num_classes": 7}}, seed=1)


@pytest.mark.parametrize("config", [plain(), hrda()], ids=["plain", "hrda"])
def test_everything_else_is_loaded(config):
    network = MODELS.build(config)
    network.init_weights()
    before, trained = {key: value.clone() for key, value in network.state_dict().items()}, other(config)
    skipped = classifier_entries(network)
    line = load_segmentor(network, trained, "model", FILE, leave_out=skipped)
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key] if key in skipped else trained[key]), key
    assert f"all {len(before) - len(skipped)} entries, without the classifiers (decode_head." in line


def test_other_classes_of_the_same_number_are_left_out_as_well():
    started = method()
    before = started.model.decode_head.conv_seg.weight.clone()
    load_method(started, {"state_dict": state(seed=1)}, FILE, skip_classifier=True)
    assert torch.equal(started.model.decode_head.conv_seg.weight, before)


def test_a_training_with_other_classes():
    """The teacher is a copy of the student: that of the file knows nothing of the new classes."""
    trained = other(plain())
    content = {"state_dict": {**below("model", trained), **below("ema_model", other(plain())), **below("imnet_model", trained)}}
    with pytest.raises(UserError, match=r"7 classes, but the config has 5\. .*, or start .* with --skip-classifier \(skip_classifier=True"):
        load_method(method(), content, FILE)
    started = method(imnet_feature_dist_lambda=0.1)
    lines = load_method(started, content, FILE, skip_classifier=True)
    assert torch.equal(started.model.backbone.norm1.weight, trained["backbone.norm1.weight"])
    assert torch.equal(started.imnet_model.backbone.norm1.weight, trained["backbone.norm1.weight"])
    assert same(started.ema_model.state_dict(), started.model.state_dict()) and not started.teachers[0].restored
    assert "the classes are others: this teacher starts as a copy of the student" in lines
    assert lines[-1] == f"{FILE} also holds ema_model ({len(trained)} entries): not used"


@pytest.mark.parametrize(
    ("key", "value"), [("num_batches_tracked", torch.zeros(2)), ("weight", torch.tensor(1.0)), ("weight", torch.zeros(2, 3))]
)
def test_numbers_and_lists_say_nothing_of_classes(key, value):
    network = torch.nn.BatchNorm2d(5)
    network.num_classes = 5
    check_class_count(network, {**network.state_dict(), key: value}, [key], FILE, "Fix it.")
    with pytest.raises(UserError, match=r"was trained with 2 classes, but the config has 5\. Fix it\."):
        check_class_count(network, {**network.state_dict(), "bias": torch.zeros(2)}, ["bias"], FILE, "Fix it.")


def test_another_decoder_is_refused_all_the_same():
    narrow = {**plain(), "decode_head": {"type": "DAFormerHead", **daformer_head(channels=4)}}
    network = MODELS.build(plain())
    with pytest.raises(UserError, match=r"does not belong to this model: .* of another shape"):
        load_segmentor(network, state(narrow), "model", FILE, leave_out=classifier_entries(network))
