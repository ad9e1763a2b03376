"""TensorBoard under one scheme of names; the log and the records keep theirs."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization.vis_backend import BaseVisBackend

from mmseg.utils.storage.logs import AppendedFile

if TYPE_CHECKING:
    from tensorboard.summary.writer.record_writer import RecordWriter

TOTAL = "loss/total"
SPEED = ("time", "data_time", "memory")
NOT_SHOWN = ("iter", "step", "epoch")
"""What every scalar has beside its value."""


def board_name(name: str) -> str:
    """The name of a logged value in TensorBoard, see docs/training.md.

    ``decode.loss_seg`` -> ``loss/decode.loss_seg``, ``IoU.road`` -> ``iou/road``, ``mIoU`` -> ``iou/mean``, ``lr`` -> ``lr/lr``.
    """
    if "/" in name:  # of a hook that has named it, as pseudo_share/road
        return name
    for start, folder in (("IoU.", "iou/"), ("mIoU.", "iou/mean."), ("Acc.", "accuracy/")):
        if name.startswith(start):
            return folder + name.removeprefix(start)
    whole = {"mIoU": "iou/mean", "mAcc": "accuracy/mean", "aAcc": "accuracy/pixels"}
    if name in whole:
        return whole[name]
    if "loss" in name:
        return f"loss/{name}"
    folder = "lr" if name in ("lr", "base_lr") else "speed" if name in SPEED else "train"
    return f"{folder}/{name}"


def board_scalars(scalars: Mapping[str, object]) -> dict[str, object]:
    """All values of one moment by their names in TensorBoard, with :data:`TOTAL`, the sum of the logged losses."""
    named = {board_name(name): value for name, value in scalars.items() if name not in NOT_SHOWN}
    losses = [value for name, value in named.items() if name.startswith("loss/")]
    return {**named, TOTAL: sum(losses)} if losses else named


@VISBACKENDS.register_module()
class NamedTensorboardBackend(BaseVisBackend):
    """Files for TensorBoard, with the names of :func:`board_name`.

    Its own writer works in a thread that ends with a page of text when the disk is full, and with it all that comes later. Here each
    record is appended whole by the call that makes it, or is left out.

    Args:
        save_dir: folder of the file.
    """

    @property
    def experiment(self) -> RecordWriter:
        """What takes the records; made with the first of them."""
        if not self._env_initialized:
            from tensorboard.compat.proto.event_pb2 import Event  # a second, which only trainings have
            from tensorboard.summary.writer.record_writer import RecordWriter

            name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.0"
            self._writer = RecordWriter(AppendedFile(Path(self._save_dir) / name))
            self._writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
            self._env_initialized = True
        return self._writer

    def _init_env(self) -> None:
        """See :attr:`experiment`."""

    def _write(self, kind: str, step: int, name: str, value: object, **options: object) -> None:
        """Writes a value of a ``kind``: a function of torch.utils.tensorboard.summary."""
        from tensorboard.compat.proto.event_pb2 import Event
        from torch.utils.tensorboard import summary

        content = getattr(summary, kind)(name, value, **options)
        self.experiment.write(Event(wall_time=time.time(), step=step, summary=content).SerializeToString())

    def add_config(self, config: Config, **_: object) -> None:
        """Writes the config as a text."""
        self._write("text", 0, "config", config.pretty_text)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **_: object) -> None:
        """Writes a picture, uint8 RGB [H, W, 3]."""
        self._write("image", step, name, image, dataformats="HWC")

    def add_scalar(self, name: str, value: object, step: int = 0, **_: object) -> None:
        """Writes one value."""
        self._write("scalar", step, board_name(name), value)

    def add_scalars(self, scalar_dict: Mapping[str, object], step: int = 0, file_path: str | None = None, **_: object) -> None:
        """Writes all values of one moment."""
        for name, value in board_scalars(scalar_dict).items():
            self._write("scalar", step, name, value)
