"""The training loop: mmengine's, plus the number of the iteration as a value of the batch."""

from __future__ import annotations

from mmengine.registry import LOOPS
from mmengine.runner import IterBasedTrainLoop


@LOOPS.register_module()
class AdaptationTrainLoop(IterBasedTrainLoop):
    """Hands the iteration to the step, so that no module has to count for itself.

    A resumed run jumps to its first sample: :class:`mmseg.datasets.RunningIndexSampler` skips without loading.
    """

    def run_iter(self, data_batch: dict) -> None:
        """One iteration; ``data_batch`` is a collated loader sample."""
        super().run_iter({**data_batch, "iteration": self._iter})

    def validates_after(self, iteration: int) -> bool:
        """Whether an evaluation follows when ``iteration`` iterations are done."""
        due = iteration % self.val_interval == 0 or iteration == self.max_iters
        return self.runner.val_loop is not None and iteration >= self.val_begin and due
