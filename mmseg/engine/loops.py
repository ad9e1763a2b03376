"""The training loop: mmengine's, plus the number of the iteration as a value of the batch."""

from __future__ import annotations

from mmengine.registry import LOOPS
from mmengine.runner import IterBasedTrainLoop
from torch import nn

from mmseg.engine.batch_norm import average_statistics
from mmseg.engine.distributed import LostProcessError, lost_a_process
from mmseg.engine.hooks.guard_hook import TRAIN_AGAIN
from mmseg.utils.errors import NotFiniteError, UserError


@LOOPS.register_module()
class AdaptationTrainLoop(IterBasedTrainLoop):
    """Hands the iteration to the step, so that no module has to count for itself.

    A resumed run jumps to its first sample: :class:`mmseg.datasets.RunningIndexSampler` skips without loading.
    """

    def run(self) -> nn.Module:
        """Trains to the end.

        Raises:
            UserError: the network gives NaN for an image of an evaluation.
            LostProcessError: another process of this training does not answer.
        """
        self.skipped = 0  # bad samples since the start or the resume
        try:
            return super().run()
        except NotFiniteError as error:
            what = f"the output of the network for {error.image} is not finite"
            raise UserError(f"Training stopped at the evaluation after iteration {self._iter}: {what}. {TRAIN_AGAIN}") from error
        except RuntimeError as error:
            if not lost_a_process(error):
                raise
            raise LostProcessError(self._iter) from error

    def run_iter(self, data_batch: dict) -> None:
        """One iteration; ``data_batch`` is a collated loader sample.

        Raises:
            Stopped: a signal has ended the training, see :meth:`AdaptationRunner.end`.
        """
        self.runner.stopping.begin()
        self._count_skipped(data_batch)
        super().run_iter({**data_batch, "iteration": self._iter})
        if due := self.validates_after(self._iter):
            average_statistics(self.runner.network)
            self.runner.counted = self.runner.hook_states()
        if (number := self.runner.stopping.agreed()) is not None:
            self.runner.end(number, evaluation_due=due)

    def _count_skipped(self, data_batch: dict) -> None:
        """The workers log the bad files; how many samples they cost is logged here."""
        if "skipped" in data_batch and data_batch["skipped"].any():
            self.skipped += int(data_batch["skipped"].sum())
            self.runner.logger.warning(f"{self.skipped} bad samples have been replaced so far.")

    def validates_after(self, iteration: int) -> bool:
        """Whether an evaluation follows when ``iteration`` iterations are done."""
        due = iteration % self.val_interval == 0 or iteration == self.max_iters
        return self.runner.val_loop is not None and iteration >= self.val_begin and due
