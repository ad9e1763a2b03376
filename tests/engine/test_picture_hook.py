"""Pictures are drawn when due, for every kind of network, and change nothing in the training."""

import copy
import random
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.engine.hooks.evaluating import evaluating
from mmseg.engine.hooks.picture_hook import PictureHook, draw_step, prediction_tiles, record_tile
from mmseg.registry import HOOKS, MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.storage.logs import Logs

SIZE = 64
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
NAMES = {"classes": CLASSES, "palette": PALETTE}
TINY = Path(__file__).parents[2] / "configs/_base_/models/daformer_tiny.py"


def network_config(kind: str) -> dict:
    """'plain', 'hrda' or 'hrda one map'; with dropout, so that a pass in train mode would draw."""
    model = Config.fromfile(TINY).model
    model.backbone.drop_path_rate = model.decode_head.dropout_ratio = 0.3
    if kind != "plain":
        model.decode_head.update(type="HRDAHead", single_scale_head="DAFormerHead", attention_embed_dim=8)
        model.decode_head.attention_classwise = kind == "hrda"
        model.update(type="HRDAEncoderDecoder", scales=[1, 0.5], hr_crop_size=(32, 32))
    return model.to_dict()


def build_method(method: str, kind: str):
    torch.manual_seed(0)
    network = MODELS.build({"type": method, "segmentor": network_config(kind)})
    network.init_weights()
    return network.train()


def sample(iteration: int = 0) -> dict:
    rng = np.random.default_rng(iteration)
    images = torch.from_numpy(rng.integers(0, 256, (2, 2, 3, SIZE, SIZE), np.uint8))
    label = torch.from_numpy(rng.choice([*range(19), 255], (2, 8, 8)).astype(np.uint8).repeat(8, axis=1).repeat(8, axis=2))
    size = torch.tensor([[SIZE, SIZE]] * 2)
    source, target = {"image": images[0], "label": label, "size": size}, {"image": images[1], "size": size}
    return {"source": source, "target": target, "iteration": iteration}


class Runner(SimpleNamespace):
    """The part of a runner that the hook uses; ``added`` lists what the visualizer got."""

    def __init__(self, network, work_dir, max_iters=10):
        self.added = []
        visualizer = SimpleNamespace(add_image=lambda name, image, step: self.added.append((name, image, step)))
        loader = SimpleNamespace(dataset=SimpleNamespace(metainfo=NAMES))
        parts = {"network": network, "visualizer": visualizer, "train_dataloader": loader}
        self.said = []
        parts |= {"logs": Logs(self.said.append), "logger": SimpleNamespace(warning=self.said.append)}
        (Path(work_dir) / "config.py").touch()
        super().__init__(work_dir=str(work_dir), iter=0, max_iters=max_iters, **parts)


def optimizer(network) -> OptimWrapper:
    return OptimWrapper(torch.optim.SGD(network.model.parameters(), lr=0.01))


@pytest.fixture(scope="module")
def dacs():
    network = build_method("DACS", "hrda")
    logs = network.train_step(sample(), optimizer(network))
    return network, logs


def test_draws_the_first_every_interval_and_the_last_iteration(tmp_path, dacs):
    network, logs = dacs
    runner = Runner(network, tmp_path)
    hook = HOOKS.build({"type": "PictureHook", "interval": 4, "max_images": 1})
    for runner.iter in range(10):
        hook.after_train_iter(runner, runner.iter, None, logs)
    expected = [1, 4, 8, 10]
    assert sorted(file.name for file in (tmp_path / "pictures").iterdir()) == [f"iter_{number:06d}.png" for number in expected]
    assert [(name, step) for name, _, step in runner.added] == [("panels", number) for number in expected]
    written = cv2.imread(str(tmp_path / "pictures" / "iter_000001.png"))
    assert np.array_equal(written[..., ::-1], runner.added[0][1]), "the file holds the same picture, in the same colours"


def test_missing_pictures_are_named_and_a_full_disk_ends_nothing(tmp_path, dacs):
    network, logs = dacs
    runner, hook = Runner(network, tmp_path), PictureHook(interval=4, max_images=1)
    hook.before_train(runner)
    (tmp_path / "pictures").touch()  # no folder can be made there
    for runner.iter in range(5):
        hook.after_train_iter(runner, runner.iter, None, logs)
    assert len(runner.said) == 1 and runner.said[0].startswith(f"Cannot write {tmp_path}/pictures/iter_000001.png: ")
    assert len(runner.added) == 2
    runner.iter = 8
    hook.before_train(runner)
    assert runner.said[1].startswith(f"{tmp_path}/pictures lacks the pictures of iterations 1, 4, 8: ")


def test_one_panel_for_each_image_up_to_max_images(dacs):
    network, logs = dacs
    heights = [draw_step(network.model, logs.records, mean=MEAN, std=STD, **NAMES, max_images=count).shape[0] for count in (1, 2, 9)]
    assert heights[0] < heights[1] == heights[2]


@pytest.mark.parametrize(("option", "value"), [("interval", 0), ("max_images", -1)])
def test_refuses_numbers_below_one(option, value):
    with pytest.raises(UserError, match=rf"{option} is {value}\. It should be greater than 0"):
        HOOKS.build({"type": "PictureHook", option: value})


def test_drawing_leaves_weights_buffers_modes_and_generators_alone(tmp_path, dacs):
    network, logs = dacs
    network.model.backbone.eval()  # a mode that differs from its parent's has to come back too
    state = copy.deepcopy(network.state_dict())
    modes = [module.training for module in network.modules()]
    generators = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()

    PictureHook().after_train_iter(Runner(network, tmp_path), 0, None, logs)

    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    assert [module.training for module in network.modules()] == modes
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert random.getstate() == generators[1] and np.array_equal(np.random.get_state()[1], generators[2])
    network.model.backbone.train()


def test_training_is_bit_identical_with_and_without_pictures(tmp_path):
    states = []
    for pictures in (False, True):
        network = build_method("DACS", "hrda")
        optim = optimizer(network)
        for iteration in range(3):
            logs = network.train_step(sample(iteration), optim)
            if pictures:
                PictureHook(interval=1).after_train_iter(Runner(network, tmp_path), iteration, None, logs)
        states.append(network.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_modes_come_back_after_an_error():
    network = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Dropout().eval())
    with pytest.raises(RuntimeError), evaluating(network):
        assert not any(module.training for module in network.modules()) and not torch.is_grad_enabled()
        raise RuntimeError
    assert [module.training for module in network.modules()] == [True, True, False] and torch.is_grad_enabled()


TILES = {
    "plain": ["prediction", "prediction over target"],
    "hrda": [
        "context prediction",
        "detail prediction",
        "fused prediction",
        "prediction over target",
        "attention, all classes",
        "attention, pole",
    ],
    "hrda one map": ["context prediction", "detail prediction", "fused prediction", "prediction over target", "scale attention, mean 0"],
}


@pytest.mark.parametrize("kind", TILES)
def test_prediction_tiles_of_every_kind_of_network(kind):
    network = MODELS.build(network_config(kind))
    photo = np.zeros((SIZE, SIZE, 3), np.uint8)
    with evaluating(network):
        tiles = prediction_tiles(network.segment(torch.zeros(1, 3, SIZE, SIZE)), photo, "target", **NAMES)
    captions = [caption for caption, _ in tiles]
    assert len(captions) == len(TILES[kind])
    assert all(caption.startswith(expected) for caption, expected in zip(captions, TILES[kind], strict=True))
    assert all(picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.uint8 for _, picture in tiles)


def test_source_only_predicts_on_the_source(tmp_path):
    network = build_method("SourceOnly", "plain")
    data = sample()
    del data["target"]
    runner = Runner(network, tmp_path)
    PictureHook(max_images=1).after_train_iter(runner, 0, None, network.train_step(data, optimizer(network)))
    assert len(runner.added) == 1


def test_records_are_drawn_as_their_names_say():
    value = np.full((4, 6), 0.25, np.float32)
    caption, picture = record_tile("pseudo_weight", value, MEAN, STD, PALETTE)
    assert caption == "pseudo weight, mean 0.25" and picture.shape == (4, 6, 3)
    caption, picture = record_tile("mixed_label", np.full((4, 6), 255), MEAN, STD, PALETTE)
    assert caption == "mixed label" and not picture.any()
    caption, picture = record_tile("target_image", np.zeros((3, 4, 6), np.float32), MEAN, STD, PALETTE)
    assert caption == "target" and (picture == np.round(MEAN)).all()
    assert record_tile("features", value, MEAN, STD, PALETTE) is None
