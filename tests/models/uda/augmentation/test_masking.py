"""Masked image consistency: the mask, what each mode shows and asks for, the teacher it needs, what it leaves alone."""

import dataclasses

import pytest
import torch
from mmengine.config import ConfigDict

from mmseg.models.uda.augmentation.masking import BlockMask, block_mask, build_mask_generator, draw_noise, grid_size
from mmseg.models.uda.objectives.consistency.masked import MASK_MODES
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.models.uda.test_methods import METHODS, batch, build, run_step

BLOCKS = {"type": "block", "mask_ratio": 0.7, "mask_block_size": 16}


def masked(name: str = "DACS", mode: str = "separatetrg", **options):
    return build(name, mask_mode=mode, mask_generator=BLOCKS, **options)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("size", "block", "grid"),
    [((1024, 1024), 64, (16, 16)), ((512, 512), 32, (16, 16)), ((100, 100), 64, (2, 2)), ((160, 96), 64, (2, 2)), ((20, 20), 64, (1, 1))],
)
def test_grid(size, block, grid):
    """Rounded to whole blocks, halves to even; at least one."""
    assert grid_size(size, block) == grid


def test_blocks_are_stretched_to_the_crop():
    noise = torch.tensor([[0.9, 0.1], [0.2, 0.8]]).view(1, 1, 2, 2)
    made = block_mask(noise, 0.5, (100, 100))
    expected = torch.zeros(1, 1, 100, 100)
    expected[..., :50, :50] = expected[..., 50:, 50:] = 1
    assert torch.equal(made, expected)


@pytest.mark.parametrize(("ratio", "share"), [(0.0, 1.0), (1.0, 0.0), (0.7, 0.3)])
def test_share_of_visible_blocks(ratio, share):
    noise = draw_noise(generator(), 64, (16, 16))
    kept = block_mask(noise, ratio, (32, 32))
    assert set(kept.unique().tolist()) <= {0.0, 1.0}
    assert kept.mean().item() == pytest.approx(share, abs=0.02)


def test_masks_differ_between_images_and_agree_between_channels():
    image = torch.rand(2, 3, 64, 64, generator=generator()) + 1
    visible = BlockMask(mask_ratio=0.5, mask_block_size=16)(image, generator(1))
    kept = visible != 0
    assert torch.equal(visible[kept], image[kept]), "what is visible is not changed; what is not is the mean colour, 0"
    assert torch.equal(kept[:, :1].expand_as(kept), kept) and not torch.equal(kept[0], kept[1])
    cells = kept[:, 0].reshape(2, 4, 16, 4, 16)
    assert torch.equal(cells.amin((2, 4)), cells.amax((2, 4)))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "mask_generator=None has no known type"),
        ({"type": "blok", "mask_ratio": 0.5}, "Did you mean 'block'"),
        ({"type": "block", "mask_ratoi": 0.5, "mask_block_size": 8}, "Did you mean 'mask_ratio'"),
        ({"type": "block", "mask_ratio": 1.5, "mask_block_size": 8}, "mask_ratio is 1.5. It should be less than or equal to 1."),
        ({"type": "block", "mask_ratio": 0.5, "mask_block_size": 0}, "mask_block_size is 0. It should be greater than 0."),
    ],
)
def test_mistakes_in_the_mask_generator(given, words):
    with pytest.raises(UserError, match=words):
        build_mask_generator(given)


def test_blocks_are_those_of_the_paper_by_default():
    mask = build_mask_generator({"type": "block"})
    assert (mask.mask_ratio, mask.mask_block_size) == (0.7, 64)


def test_a_config_can_be_built_twice():
    given = ConfigDict(BLOCKS)
    for _ in range(2):
        assert build_mask_generator(given).mask_ratio == 0.7
    assert given == BLOCKS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "separatetgt"}, "Did you mean 'separatetrg'"),
        ({"mask_alpha": "none"}, "mask_alpha='none' is no number"),
        ({"mask_pseudo_threshold": "off"}, "mask_pseudo_threshold='off' is no number"),
    ],
)
def test_mistakes_in_the_options(options, words):
    with pytest.raises(UserError, match=words):
        masked(**options)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_masked(name, monkeypatch):
    logs = run_step(masked(name, "separatetrgaug"), monkeypatch)
    assert {"masked.decode.loss_seg", "masked.decode.hr.loss_seg", "masked.decode.acc_seg"} <= logs.keys()
    assert all(torch.isfinite(value) for value in logs.values())
    assert {"masked_image", "masked_label", "masked_weight"} <= logs.records.keys()


@pytest.mark.parametrize("mode", MASK_MODES)
@pytest.mark.parametrize("name", METHODS)
def test_pseudo_labels_are_recorded_plainly_where_there_are_any(name, mode, monkeypatch):
    """Those of the method's own teacher before those of the masking, for the whole batch, before anything is pasted or masked."""
    method, crops = masked(name, mode, mask_pseudo_threshold=0.1), batch()
    records = run_step(method, monkeypatch, crops=crops).records
    own = name in ("CPSL", "DACS", "Distillation", "SourceFree")
    assert ("pseudo_label" in records) == ("pseudo_weight" in records) == (own or MASK_MODES[mode].with_target)
    if name == "Distillation" and not MASK_MODES[mode].with_target:
        assert torch.equal(records["pseudo_label"], method.taught_by().logits(crops.target_image).argmax(dim=1))
    elif "pseudo_label" in records:
        expected = method.teachers[0].label(crops, 0, Streams(0, 0))
        assert torch.equal(records["pseudo_label"], expected.labels) and torch.equal(records["pseudo_weight"], expected.weights)
        assert torch.equal(records["target_image"], crops.target_image)


def test_masking_does_not_change_what_other_parts_draw_or_see(monkeypatch):
    plain, with_mask = (run_step(method, monkeypatch, 3) for method in (build(), masked(mode="separatetrgaug")))
    assert all(torch.equal(plain.records[key], with_mask.records[key]) for key in plain.records)
    assert all(torch.equal(plain[key], with_mask[key]) for key in plain)


def test_modes_pick_their_crops(monkeypatch):
    crops = batch()
    records = {mode: run_step(masked(mode=mode), monkeypatch, crops=crops).records for mode in MASK_MODES}
    pseudo = records["separatetrg"]["pseudo_label"], records["separatetrg"]["pseudo_weight"]
    ones = torch.ones(2, 64, 64)
    expected = {
        "separate": [torch.cat([source[:1], target[:1]]) for source, target in zip((crops.source_label, ones), pseudo, strict=True)],
        "separatesrc": (crops.source_label, ones),
        "separatetrg": pseudo,
    }
    for mode, made in records.items():
        label, weight = expected[mode.removesuffix("aug")]
        assert torch.equal(made["masked_label"], label) and torch.equal(made["masked_weight"], weight), mode
    shown = records["separate"]["masked_image"]
    for index, image in enumerate((crops.source_image[0], crops.target_image[0])):
        visible = shown[index] != 0
        assert visible.any() and torch.equal(shown[index][visible], image[visible])


def test_separate_needs_two_images(monkeypatch):
    crops = batch()
    single = dataclasses.replace(crops, source_image=crops.source_image[:1], source_label=crops.source_label[:1])
    with pytest.raises(UserError, match="needs batch_size=2, not 1"):
        run_step(masked("SourceOnly", "separate"), monkeypatch, crops=single)


def test_source_mode_needs_no_target_and_no_teacher(monkeypatch):
    method = masked("SourceOnly", "separatesrcaug")
    crops = dataclasses.replace(batch(), target_image=None)
    assert "masked.decode.loss_seg" in run_step(method, monkeypatch, crops=crops)
    assert not method.teachers
    with pytest.raises(UserError, match="the training data has none"):
        run_step(masked("SourceOnly", "separatetrg"), monkeypatch, crops=crops)


@pytest.mark.parametrize(
    ("name", "options", "own"),
    [
        ("DACS", {}, None),
        ("DACS", {"mask_alpha": 0.9}, (0.9, 0.968)),
        ("DACS", {"mask_pseudo_threshold": None, "alpha": 0.99}, (0.99, None)),
        ("MinEnt", {}, (0.999, 0.968)),
        ("AdvSeg", {"mask_pseudo_threshold": 0.5}, (0.999, 0.5)),
    ],
)
def test_a_second_teacher_only_where_the_first_does_not_fit(name, options, own):
    method = masked(name, **options)
    keys = {key for key in method.state_dict() if key.startswith("mic.teacher.ema_model.")}
    assert bool(keys) == (own is not None)
    assert len(method.teachers) == (name == "DACS") + (own is not None)
    if own is not None:
        thresholds = [stage.threshold for stage in method.teachers[-1].stages]
        assert (method.teachers[-1].alpha, thresholds) == (own[0], [] if own[1] is None else [own[1]])
        assert {key.removeprefix("mic.teacher.ema_model.") for key in keys} == set(method.model.state_dict())


def test_teachers_follow_at_their_own_pace_and_get_no_gradient(monkeypatch):
    """α = 0 labels with the student as it is."""
    method = masked(mask_alpha=0.0)
    for iteration in range(3):
        student = [parameter.detach().clone() for parameter in method.model.parameters()]
        run_step(method, monkeypatch, iteration)
    slow, fast = (teacher.network for teacher in method.teachers)
    assert all(torch.equal(parameter, value) for parameter, value in zip(fast.parameters(), student, strict=True))
    assert not all(torch.equal(parameter, value) for parameter, value in zip(slow.parameters(), student, strict=True))
    assert all(parameter.grad is None for network in (slow, fast) for parameter in network.parameters())
