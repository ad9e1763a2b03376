"""What holds for every method at test time: it moves, the same way every time, and goes back exactly."""

import pytest
import torch

from mmseg.apis.adapting.choices import METHODS
from mmseg.models.test_time import build_online
from mmseg.registry import TEST_TIME_METHODS
from mmseg.utils.errors import UserError
from tests.models import networks
from tests.models.test_time.streams import images, moved, network, state

LEARNING = [name for name in METHODS if name != "source"]
OPTIONS = {"mic": {"threshold": 0.0, "mask_block_size": 16}}
"""An untrained network is sure of nothing, and would have no pseudo-labels."""
SEGMENTORS = {
    "plain": networks.plain(),
    "hrda": networks.hrda(),
    "segformer": {**networks.plain(), "decode_head": networks.segformer_head()},
}


def test_the_command_knows_every_method():
    TEST_TIME_METHODS.import_from_location()
    assert set(METHODS) == set(TEST_TIME_METHODS.module_dict)


@pytest.mark.parametrize("name", LEARNING)
@pytest.mark.parametrize("segmentor", SEGMENTORS)
def test_it_moves_and_goes_back_bit_by_bit(name, segmentor):
    changed = network(SEGMENTORS[segmentor])
    before, image = state(changed), images(1)[0]
    predicted = changed(image)
    method = build_online(name, changed, seed=1, **OPTIONS.get(name, {}))
    assert not moved(changed, before) and torch.equal(changed(image), predicted)
    method.adapt(image, 0)
    assert moved(changed, before) and not torch.equal(changed(image), predicted)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in changed.model.parameters())
    assert not any(module._forward_pre_hooks for module in changed.model.modules())
    method.reset()
    assert not moved(changed, before) and torch.equal(changed(image), predicted)


@pytest.mark.parametrize("name", LEARNING)
def test_the_same_stream_moves_it_to_the_same_bits(name):
    ends = []
    for reset in (False, True):
        changed = network(networks.hrda())
        method = build_online(name, changed, seed=1, **OPTIONS.get(name, {}))
        if reset:  # after another stream
            method.adapt(images(1)[0].flip(3), 7)
            method.reset()
        for index, image in enumerate(images()):
            torch.manual_seed(100 + index + reset)  # nothing depends on what was drawn before
            method.adapt(image, index)
        ends.append(state(changed))
    assert all(torch.equal(value, ends[1][key]) for key, value in ends[0].items())


@pytest.mark.parametrize("name", ["cotta", "mic"])
def test_seed_and_number_of_the_image_decide_what_is_drawn(name):
    ends = []
    for seed, index in ((1, 0), (2, 0), (1, 1)):
        changed = network()
        method = build_online(name, changed, seed=seed, **({"restore": 0.5} if name == "cotta" else OPTIONS[name]))
        for number, image in enumerate(images(2), start=index):  # what CoTTA restores is seen by the teacher of the next image
            method.adapt(image, number)
        ends.append(torch.cat([value.flatten().double() for value in state(changed).values()]))
    assert not torch.equal(ends[0], ends[1]) and not torch.equal(ends[0], ends[2])


@pytest.mark.parametrize("name", LEARNING)
def test_sizes_may_change(name):
    method = build_online(name, network(networks.hrda()))
    for index, (height, width) in enumerate(((64, 64), (72, 70), (65, 97))):
        method.adapt(images(1, height, width)[0], index)


def test_frozen_weights_stay():
    changed = network()
    changed.model.backbone.requires_grad_(False)
    before = state(changed)
    for name in ("tent", "cotta", "mic"):
        method = build_online(name, changed, **OPTIONS.get(name, {}))
        method.adapt(images(1)[0], 0)
        assert all(name.startswith("decode_head") for name in moved(changed, before)) and moved(changed, before)
        method.reset()


def test_nothing_moves_the_source():
    changed = network()
    before = state(changed)
    build_online("source", changed).adapt(images(1)[0], 0)
    assert not moved(changed, before)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("tnet", {}, "'tnet' is not a registered method at test time. Did you mean 'tent'?"),
        ("tent", {"rate": 1}, "Tent got an unexpected option 'rate'. Its options: seed, lr, share, momentum."),
        ("tent", {"lr": -1.0}, "Tent: lr is -1.0"),
        ("tent", {"network": 3}, "Method tent: 'network' is no option of it"),
        ("cotta", {"restore": 2.0}, "CoTTA: restore is 2.0"),
    ],
)
def test_mistakes(name, options, said):
    with pytest.raises(UserError) as error:
        build_online(name, network(), **options)
    assert said in str(error.value)
