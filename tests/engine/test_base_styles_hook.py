"""Base styles in a training: measured over the source, kept over a resume, and refused where they cannot be had."""

import pytest
import torch

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks import base_styles_hook
from mmseg.engine.hooks.base_styles_hook import source_walk
from mmseg.engine.parts import build_loader_config
from mmseg.engine.runner import AdaptationRunner
from mmseg.models.backbones.style_hallucination import style_of
from mmseg.utils.errors import UserError
from tests import tiny
from tests.engine.test_resume import assert_equal

INTERVAL = 2
STYLES = 3
BUFFERS = [f"model.backbone.style_hallucination.proto_{name}" for name in ("mean", "std")]
HOOKS = [{"type": "ResultHook"}, {"type": "BaseStylesHook", "interval": INTERVAL, "samples_per_gpu": 4, "workers_per_gpu": 0}]


def config(data, **changes):
    """A training of HRDA on the source alone, in two styles."""
    values = {
        "train_dataloader.dataset.target": None,
        "train_dataloader.dataset.target_crop": None,
        "train_dataloader.dataset.crop_pseudo_margins": None,
        "model.backbone.style_hallucination_cfg": {"base_style_num": STYLES},
        "uda": {"_delete_": True, "type": "DomainGeneralization", "style_consistency_lambda": 10.0, "imnet_feature_dist_lambda": 0.005},
        "train_cfg.max_iters": 2 * INTERVAL,
        "train_cfg.val_interval": 2 * INTERVAL,
        "default_hooks.checkpoint.interval": INTERVAL,
        "custom_hooks": HOOKS,
    }
    kept = {key: value for key, value in tiny.values(data).items() if not key.startswith(("custom_hooks", "uda.", *values))}
    return load_config(tiny.CONFIG, {**kept, **values, **changes})


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """The state at the end of a training, and how its base styles were measured."""
    folder = tmp_path_factory.mktemp("whole") / "run_of_styles"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny.ROOT)
        train(config(tiny_data), folder)
    return read_checkpoint(folder / "latest.pth"), next(folder.glob("*/*.log")).read_text()


def test_the_styles_are_of_the_source(whole):
    """Of crops of six images, three are chosen, before the training and every two iterations."""
    state, log = whole
    assert log.count("Base styles: 3 chosen from those of 6 images in ") == 3
    mean, std = (state["state_dict"][name] for name in BUFFERS)
    assert mean.shape == std.shape == (STYLES, 32) and (std > 0).all() and len(torch.unique(mean, dim=0)) == STYLES
    assert not any(key.startswith("ema_model") for key in state["state_dict"])
    assert {f"imnet_{name}" for name in BUFFERS} <= state["state_dict"].keys()


def test_a_resumed_training_keeps_them(whole, tiny_data, tmp_path, monkeypatch):
    folder = tmp_path / "run_of_styles_resumed"
    monkeypatch.chdir(tiny.ROOT)

    def stop(self, path, iteration, save=AdaptationRunner.save_state):
        save(self, path, iteration)
        if iteration == INTERVAL:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(AdaptationRunner, "save_state", stop)
        train(config(tiny_data), folder)
    measured = []
    original = base_styles_hook.BaseStylesHook.measure
    monkeypatch.setattr(
        base_styles_hook.BaseStylesHook, "measure", lambda self, runner: (measured.append(runner.iter), original(self, runner))
    )
    train(config(tiny_data), folder, resume=True)
    assert measured == [2 * INTERVAL - 1]  # not before the first iteration
    state = read_checkpoint(folder / "latest.pth")
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(whole[0][part], state[part], part)


def test_a_walk_takes_every_image_once_and_draws_anew(tiny_data):
    dataset = build_loader_config(config(tiny_data).train_dataloader, seed=0)["dataset"]
    assert dataset.table is not None
    first, second = source_walk(dataset, 1), source_walk(dataset, 2)
    for walk in (first, second):
        assert sorted(walk.files(index)[0].name for index in range(6)) == sorted(path.name for path in (tiny_data / "gta/images").iterdir())
    assert [first.files(index) for index in range(6)] != [second.files(index) for index in range(6)]
    assert set(first[0]) == {"index", "source"} and dataset.table is not None


def test_the_hook_is_part_of_what_a_run_is(tiny_data):
    """Its options decide what is learned; those of hooks that report do not, and neither does the number of workers."""
    plain = digest(config(tiny_data))
    assert digest(config(tiny_data, **{"custom_hooks.1.interval": 3})) != plain
    assert digest(config(tiny_data, **{"custom_hooks.1.samples": 5})) != plain
    assert digest(config(tiny_data, **{"custom_hooks.1.workers_per_gpu": 2})) == plain
    assert digest(config(tiny_data, custom_hooks=[*HOOKS, {"type": "PictureHook", "interval": 5}])) == plain


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"model.backbone.style_hallucination_cfg.base_style_num": 7},
            "6 images show fewer styles than style_hallucination_cfg.base_style_num=7",
        ),
        ({"custom_hooks.1.samples": 2}, "2 images show fewer styles than style_hallucination_cfg.base_style_num=3"),
        ({"model.backbone.style_hallucination_cfg": None}, "BaseStylesHook measures styles that the encoder does not mix"),
        ({"custom_hooks": HOOKS[:1]}, "Style hallucination has no base styles yet. Add dict(type='BaseStylesHook')"),
    ],
)
def test_what_cannot_work_is_one_line(tiny_data, tmp_path, monkeypatch, changes, line):
    monkeypatch.chdir(tiny.ROOT)
    with pytest.raises(UserError) as raised:
        train(config(tiny_data, **changes), tmp_path / f"run_{abs(hash(line))}")
    assert line in str(raised.value)
    assert not list(tmp_path.rglob("*.pth"))


def test_a_walk_in_bfloat16(tiny_data, tmp_path, monkeypatch):
    """The encoder computes it as ``precision`` says; the styles are those of float32 up to the rounding, and float32 themselves."""
    monkeypatch.chdir(tiny.ROOT)
    seen = []

    def seen_style(feature_map):
        seen.append(feature_map.dtype)
        return style_of(feature_map)

    monkeypatch.setattr(base_styles_hook, "style_of", seen_style)
    styles = {}
    for precision in ("fp32", "bf16"):
        cfg = config(tiny_data, precision=precision, **{"train_cfg.max_iters": 1, "train_cfg.val_interval": 1})
        train(cfg, tmp_path / precision)
        styles[precision] = read_checkpoint(tmp_path / precision / "latest.pth")["state_dict"][BUFFERS[0]]
    dtypes = {torch.float32, torch.bfloat16}
    assert set(seen) <= dtypes and torch.bfloat16 in seen
    assert styles["bf16"].dtype == torch.float32
    assert torch.allclose(styles["bf16"], styles["fp32"], atol=0.05 * styles["fp32"].abs().max().item())
    assert not torch.equal(styles["bf16"], styles["fp32"])
