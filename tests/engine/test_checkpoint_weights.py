"""Which networks a checkpoint holds, what is refused, and how a training starts from one."""

import pytest
import torch

from mmseg.engine.checkpoints.weights import load_method, load_segmentor, network_state, networks
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import daformer_head, hrda, plain, tiny_encoder
from tests.parity.records import one

FILE = "latest.pth"


def segmentor(config: dict | None = None, seed: int = 0) -> torch.nn.Module:
    """A network with weights of its own."""
    torch.manual_seed(seed)
    network = MODELS.build(config or plain())
    network.init_weights()
    return network


def state(config: dict | None = None, seed: int = 0) -> dict:
    return segmentor(config, seed).state_dict()


def below(prefix: str, values: dict) -> dict:
    return {f"{prefix}.{key}": value for key, value in values.items()}


STUDENT, TEACHER, IMNET = state(seed=1), state(seed=2), state(seed=3)
WRAPPER = {**below("model", STUDENT), **below("ema_model", TEACHER), **below("imnet_model", IMNET)}
DISCRIMINATOR = {"model_D.main.conv1.weight": torch.zeros(2)}
STUDENT_FORMS = {
    "wrapper": {"meta": {"iter": 1}, "state_dict": WRAPPER, "optimizer": {}},
    "published": {"state_dict": below("model", STUDENT)},
    "module first": {"state_dict": below("module", WRAPPER)},
    "module inside": {"state_dict": {**below("model.module", STUDENT), **below("ema_model.module", TEACHER)}},
    "bare": {"state_dict": STUDENT},
    "bare module": {"state_dict": below("module", STUDENT)},
    "top level": STUDENT,
    "wrapper at the top": {**WRAPPER, "epoch": 3},
    "own teacher of the masked crops": {"state_dict": {**WRAPPER, **below("mic.teacher.ema_model", IMNET)}},
    "discriminator": {"state_dict": {**below("model", STUDENT), **DISCRIMINATOR}},
}


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("form", STUDENT_FORMS)
def test_student_of_every_form(form):
    assert same(network_state(STUDENT_FORMS[form], "model", FILE), STUDENT)


@pytest.mark.parametrize("form", ["wrapper", "module first", "module inside", "own teacher of the masked crops"])
def test_teacher(form):
    assert same(network_state(STUDENT_FORMS[form], "ema_model", FILE), TEACHER)


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        (STUDENT_FORMS["published"], "ema_model", rf"no ema_model \(teacher\), but model \({len(STUDENT)} entries\). Use --weights model."),
        (STUDENT_FORMS["discriminator"], "ema_model", r"but model \(\d+ entries\), model_D \(1 entries\). Use --weights model."),
        (STUDENT_FORMS["bare"], "ema_model", "Use --weights model."),
        (
            {"patch_embed1.weight": torch.zeros(1)},
            "model",
            r"no model \(student\), but patch_embed1 \(1 entries\). Use the",
        ),
        ({"state_dict": {}}, "model", "but no tensors"),
        (STUDENT_FORMS["wrapper"], "teacher", "'teacher' names no network of a checkpoint. Use 'model'"),
    ],
)
def test_what_is_not_there(content, name, text):
    with pytest.raises(UserError, match=text):
        network_state(content, name, FILE)


def test_entries_of_a_published_wrapper():
    """By the recorded names of MIC with a teacher of its own."""
    content = {key: torch.empty(0) for key, *_ in one("manifests/e_mic_own_teacher_mitb0_uda_dacs").info["entries"]}
    assert {name: len(entries) for name, entries in networks(content).items()} == {
        "model": 250,
        "ema_model": 250,
        "imnet_model": 250,
        "mic.teacher.ema_model": 250,
    }


def test_a_complete_load_says_so():
    network = segmentor()
    line = load_segmentor(network, STUDENT, "model", FILE)
    assert line == f"Loaded model (student) of {FILE}: all {len(STUDENT)} entries"
    assert same(network.state_dict(), STUDENT)


def test_harmless_differences_are_reported():
    """Files of old torch have no BatchNorm counters; an auxiliary head is not used at test time."""
    old = {key: value for key, value in STUDENT.items() if not key.endswith("num_batches_tracked")}
    lost = [key for key in STUDENT if key not in old]
    network = segmentor()
    line = load_segmentor(network, {**old, "auxiliary_head.conv_seg.bias": torch.zeros(5)}, "model", FILE)
    assert line.endswith(f": {len(lost)} missing ({lost[0]}, {lost[1]}, …), 1 unexpected (auxiliary_head.conv_seg.bias)")
    assert torch.equal(network.state_dict()["backbone.norm1.weight"], STUDENT["backbone.norm1.weight"])


def without(key: str) -> dict:
    return {name: value for name, value in STUDENT.items() if name != key}


ENCODER = {"type": "MixVisionTransformer", **tiny_encoder()}
REFUSED = {
    "lacks an encoder entry": (
        plain(),
        without("backbone.norm2.bias"),
        r"of this config, MixVisionTransformer: 1 missing \(backb",
    ),
    "deeper": (
        plain(),
        state(plain() | {"backbone": {**ENCODER, "depths": (1, 2, 1, 1)}}),
        r"not hold the backbone .*: \d+ unexpected",
    ),
    "wider": (plain(), state(plain() | {"backbone": {**ENCODER, "num_heads": (1, 2, 3, 4), "mlp_ratios": (2,) * 4}}), "of another shape"),
    "lacks the classifier": (
        plain(),
        without("decode_head.conv_seg.bias"),
        r"not belong to this model: 1 missing \(decode_head.conv_seg",
    ),
    "has more": (
        plain(),
        {**STUDENT, "decode_head.more": torch.zeros(1)},
        r"not belong to this model: 1 unexpected \(decode_head.more",
    ),
    "other method": (hrda(), STUDENT, r"does not belong to this model: \d+ missing \(decode_head.head"),
    "narrower decoder": (
        plain(),
        state(plain() | {"decode_head": {"type": "DAFormerHead", **daformer_head(channels=4)}}),
        "does not belong to this model: .* of another shape",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_changes_nothing(case):
    config, content, text = REFUSED[case]
    network = segmentor(config)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(UserError, match=text) as error:
        load_segmentor(network, content, "model", FILE)
    assert str(error.value).endswith("Use the config it was trained with.")
    assert same(network.state_dict(), before)


@pytest.mark.parametrize("config", [plain, hrda], ids=["plain", "hrda"])
def test_other_classes(config):
    head = {**config()["decode_head"], "num_classes": 7}
    with pytest.raises(UserError, match=r"trained with 7 classes, but the config has 5\. Use the config it was trained with"):
        load_segmentor(segmentor(config()), state({**config(), "decode_head": head}), "model", FILE)


def test_another_attention_is_not_taken_for_other_classes():
    """A scale attention for all classes has one row."""
    with pytest.raises(UserError, match=r"does not belong to this model: 2 of another shape .*scale_attention"):
        load_segmentor(segmentor(hrda()), state(hrda(attention_classwise=False)), "model", FILE)


# Continuing a training


def method(name: str = "DACS", **options) -> torch.nn.Module:
    built = MODELS.build({"type": name, "segmentor": plain(), **options})
    built.init_weights()
    return built


def test_a_wrapper_restores_every_network():
    loaded = method(imnet_feature_dist_lambda=0.1)
    lines = load_method(loaded, STUDENT_FORMS["wrapper"], FILE)
    assert same(loaded.state_dict(), WRAPPER)
    assert [line.split(" of ")[0] for line in lines] == [
        "Loaded model (student)",
        "Loaded ema_model (teacher)",
        "Loaded imnet_model (ImageNet network)",
    ]


def test_the_first_step_keeps_a_restored_teacher():
    """A fresh one is overwritten by the student in iteration 0, as published."""
    for content, share in ((STUDENT_FORMS["wrapper"], 0.9), (STUDENT_FORMS["published"], 0.0)):
        loaded = method(alpha=0.9)
        load_method(loaded, content, FILE)
        for parameter in loaded.model.parameters():
            parameter.data.add_(1)
        (teacher,) = loaded.teachers
        old = loaded.ema_model.decode_head.conv_seg.weight.clone()
        teacher.update(loaded.model, iteration=0)
        expected = share * old + (1 - share) * loaded.model.decode_head.conv_seg.weight
        assert torch.allclose(loaded.ema_model.decode_head.conv_seg.weight, expected)


def test_a_published_file_makes_the_teacher_a_copy_and_keeps_the_imagenet_network():
    loaded = method(imnet_feature_dist_lambda=0.1)
    before = {key: value.clone() for key, value in loaded.imnet_model.state_dict().items()}
    lines = load_method(loaded, STUDENT_FORMS["published"], FILE)
    assert same(loaded.ema_model.state_dict(), STUDENT) and same(loaded.imnet_model.state_dict(), before)
    assert lines[1:] == [
        f"{FILE} holds no ema_model: this teacher starts as a copy of the student",
        f"{FILE} holds no imnet_model: the ImageNet network keeps the initial weights of the config",
    ]


def test_networks_that_a_method_does_not_have_are_named():
    loaded = method("SourceOnly")
    lines = load_method(loaded, {"state_dict": {**WRAPPER, **DISCRIMINATOR}}, FILE)
    count = len(STUDENT)
    assert lines[1:] == [f"{FILE} also holds ema_model ({count} entries), imnet_model ({count} entries), model_D (1 entries): not used"]
    assert same(loaded.model.state_dict(), STUDENT)
