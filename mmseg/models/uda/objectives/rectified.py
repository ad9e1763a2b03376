"""Supervision that leaves a classifier calibrated for the target (label shift adaptation, Liu et al., CVPR 2022, section 3.4).

Letters: B images, K classes.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.datasets.statistics.class_priors import read_priors
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES


@OBJECTIVES.register_module()
class RectifiedSupervision:
    """Cross entropy on source crops of logits + log P_s - log P_t: what the network says without the shift fits the target.

    As published, the mean runs over all pixels, labelled or not, and there is no temperature; both are the defaults of the loss.

    Args:
        priors: file of :func:`read_priors`.
    """

    start = 0
    source_alone = True

    def __init__(self, *, priors: str) -> None:
        self.priors = read_priors(priors)

    def __call__(self, step: StepContext) -> Tensor:
        image, label = step.batch.source_image, step.batch.source_label
        output = step.forward(image, "source")
        shift = -self.priors.log_ratio.to(output.logits.device, non_blocking=True)
        step.record(source_image=image, source_label=label)
        return step.log(step.student_loss(output.shifted(shift), label, None))
