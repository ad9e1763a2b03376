"""How much of the pseudo-labels each class gets, and a warning when a class dies.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmseg.evaluation.class_health import dead_classes, death_notices
from mmseg.evaluation.curve import read_curve
from mmseg.registry import HOOKS
from mmseg.structures.batches import LABELS
from mmseg.utils.options.ranges import Positive

LOG, EVALUATION = "log", "evaluation"


def count_classes(labels: Tensor, num_classes: int) -> Tensor:
    """Pixels of each class, without waiting for the device (``torch.bincount`` would: it looks for the largest label).

    Args:
        labels: int64 [B, H, W] in [0, K), and 255 for pixels that have no label and are not counted.
        num_classes: K.

    Returns:
        int64 [K] on the same device.
    """
    counts = labels.new_zeros(LABELS).scatter_add_(0, labels.flatten(), labels.new_ones(1).expand(labels.numel()))
    return counts[:num_classes]


def percentages(counts: Tensor, classes: Sequence[str]) -> dict[str, float]:
    """Share of each class in ``counts`` [K], percent; K zeros if nothing was counted."""
    total = max(int(counts.sum()), 1)
    return {name: 100 * count / total for name, count in zip(classes, counts.tolist(), strict=True)}


def summed(counts: Tensor) -> Tensor:
    """The sum over all processes; each of them has to call this."""
    total = counts.clone()
    all_reduce(total)
    return total


@HOOKS.register_module()
class ClassHealthHook(Hook):
    """Logs which share of the pseudo-label pixels each class has, and names the classes that have died.

    The shares are of all labelled pixels of the target crops, whatever their weight: ignored margins count, and so do
    pixels of which the teacher is unsure. Where several teachers label the target, it is the method's own whose
    labels are counted. Three places show them, all in percent: the visualizer as ``pseudo_share/<class>`` every
    ``interval`` iterations, the entries of ``evaluations.json`` as ``pseudo_share`` since the evaluation before,
    and the warnings of :func:`mmseg.evaluation.dead_classes` after an evaluation. A method without pseudo-labels
    gets the warnings alone. Training goes on as if nothing had been counted, bit by bit.

    Args:
        interval: iterations that a logged share is taken over.

    Raises:
        UserError: a number below 1.
    """

    priority = "BELOW_NORMAL"  # after ResultHook, whose curve it reads, and before CheckpointHook, which saves the counts

    def __init__(self, *, interval: Positive[int] = 500) -> None:
        self.interval = interval
        self.classes: tuple[str, ...] = ()
        self.absent: tuple[str, ...] = ()
        self.counts: dict[str, Tensor] = {}  # [K] since the last 'log' and the last 'evaluation', of this process

    def before_train(self, runner: Runner) -> None:
        """Learns the names of the classes, and which of them the source does not show."""
        self.classes = tuple(runner.val_dataloader.dataset.metainfo["classes"])
        self.absent = tuple(runner.train_dataloader.dataset.source.metainfo["absent"])

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        """Counts, and logs when due; ``runner.iter`` counts finished iterations from 0.

        Args:
            outputs: :class:`mmseg.models.uda.step.StepLogs` of this iteration.
        """
        if "pseudo_label" in outputs.records:
            counts = count_classes(outputs.records["pseudo_label"], len(self.classes))
            for name in (LOG, EVALUATION):
                self.counts[name] = self.counts.get(name, torch.zeros_like(counts)).to(counts.device) + counts
        if (runner.iter + 1) % self.interval == 0:
            shares = {f"pseudo_share/{name}": share for name, share in self.take(LOG).items()}
            if shares:
                runner.visualizer.add_scalars(shares, step=runner.iter + 1)

    def take(self, name: str) -> dict[str, float]:
        """The shares since 'log' or 'evaluation' in percent, and counts anew; empty where nothing was counted."""
        counts = self.counts.pop(name, None)
        return {} if counts is None else percentages(summed(counts), self.classes)

    def curve_entry(self) -> dict[str, dict[str, float]]:
        """What :class:`ResultHook` adds to the entry of an evaluation."""
        shares = self.take(EVALUATION)
        return {"pseudo_share": shares} if shares else {}

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Names the dead."""
        for line in death_notices(dead_classes(read_curve(runner.work_dir), runner.max_iters, self.absent)):
            runner.logger.warning(line)

    def state_dict(self) -> dict[str, Tensor]:
        """The counts [K] so far, over all processes: each of them has to call this."""
        return {name: summed(counts).cpu() for name, counts in self.counts.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Goes on with these counts. They are of all processes, so that one takes them and the others start at zero.

        Raises:
            TypeError: they are no counts.
        """
        for name, counts in state.items():
            if not isinstance(counts, Tensor) or counts.ndim != 1:
                raise TypeError(f"{name} are no counts")
        self.counts = {name: counts if is_main_process() else torch.zeros_like(counts) for name, counts in state.items()}
