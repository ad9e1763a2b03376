"""A network of a config that the commands of tools/prepare take, with images and labels of its own."""

from __future__ import annotations

import shlex
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config

from mmseg.apis.predicting.inference import init_model
from mmseg.utils.products.header import TOOLS
from tests.models.networks import plain
from tools.prepare import priors, prototypes, pseudo_labels

CLASSES = ("road", "sky", "car", "tree", "pole")
SIZE = (64, 96)
COMMANDS = {f"tools/prepare/{module.__name__.rpartition('.')[2]}.py": module for module in (priors, prototypes, pseudo_labels)}


class Labelling:
    """Two images, their labels, a config and a checkpoint in a folder, and the commands that make products of them.

    Args:
        root: the folder.
        call: runs the ``main`` of a command, see the fixture of this name.
        classes: of the network.
    """

    def __init__(self, root: Path, call, classes: tuple[str, ...] = CLASSES) -> None:
        self.root, self.call, self.classes = root, call, classes
        self.images, self.labels = root / "images", root / "labels"
        for number in range(2):
            self.add_image(f"{number}.png")
        data = {"type": "FolderDataset", "images": str(self.images), "classes": list(classes), "test_scale": SIZE[::-1]}
        source = {**data, "labels": str(self.labels)}
        crop = {"img_scale": SIZE[::-1], "crop_size": SIZE}
        training = {"type": "UDADataset", "source": source, "target": data, "source_crop": crop, "target_crop": crop}
        loader = {"batch_size": 2, "num_workers": 0, "sampler": {"type": "DefaultSampler"}}
        cfg = {"model": plain(), "uda": {"type": "DACS"}, "train_dataloader": {**loader, "dataset": training}}
        cfg["model"]["decode_head"]["num_classes"] = len(classes)
        cfg |= {"val_dataloader": {**loader, "dataset": data}, "val_evaluator": {"type": "IoUMetric"}, "env_cfg": {}}
        self.config, self.checkpoint = root / f"config{len(classes)}.py", root / f"{len(classes)}.pth"
        Config(cfg).dump(str(self.config))
        state = init_model(Config({**cfg, "seed": 0})).model.state_dict()
        torch.save({"state_dict": {f"model.{key}": value for key, value in state.items()}}, self.checkpoint)

    def add_image(self, name: str) -> None:
        """With a label."""
        draw = np.random.default_rng(len(list(self.images.glob("*"))))
        for folder, shape, end in ((self.images, (*SIZE, 3), 256), (self.labels, SIZE, 3)):
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / name), draw.integers(0, end, shape, dtype=np.uint8))

    def make(self, kind: str, out: Path, *options: str) -> Path:
        """Makes a product, as the command leaves it."""
        self.run(self.command(TOOLS[kind], out, *options))
        return out

    def command(self, tool: str, out: Path, *options: str) -> str:
        """The line that makes a product with ``tool``, one of :data:`TOOLS`."""
        given = (self.config, self.checkpoint, "--out", out, "--device", "cpu", *options)
        return f"{tool} {shlex.join(map(str, given))}"

    def run(self, command: str) -> None:
        """Runs a line as errors write it, in this process."""
        python, file, *arguments = shlex.split(command)
        assert python == "python"
        self.call(COMMANDS[file].main, *arguments)
