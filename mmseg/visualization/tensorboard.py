"""TensorBoard under one scheme of names; the log and the records keep theirs."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.registry import VISBACKENDS
from mmengine.visualization import TensorboardVisBackend

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
class NamedTensorboardBackend(TensorboardVisBackend):
    """mmengine's files for TensorBoard, with the names of :func:`board_name`."""

    def add_scalar(self, name: str, value: object, step: int = 0, **kwargs: object) -> None:
        """Writes one value."""
        super().add_scalar(board_name(name), value, step, **kwargs)

    def add_scalars(self, scalar_dict: Mapping[str, object], step: int = 0, file_path: str | None = None, **kwargs: object) -> None:
        """Writes all values of one moment."""
        super().add_scalars(board_scalars(scalar_dict), step, file_path, **kwargs)
