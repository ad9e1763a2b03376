"""Rows of the target crops that are not trusted: rectification borders at the top, the ego vehicle at the bottom (DAFormer)."""

from __future__ import annotations

from dataclasses import replace

from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext
from mmseg.registry import LABELING_STAGES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


def ignore_rows(pseudo: PseudoLabels, top: int, bottom: int) -> PseudoLabels:
    """Zero weight for the first ``top`` and the last ``bottom`` rows of every crop."""
    weights = pseudo.weights.clone()
    weights[:, :top] = 0
    weights[:, weights.shape[1] - bottom :] = 0
    return replace(pseudo, weights=weights)


@LABELING_STAGES.register_module()
class IgnoreRows(LabelingStage):
    """Pseudo-labels at the top and at the bottom of a crop get no weight.

    Args:
        top, bottom: rows of the crop.
    """

    def __init__(self, *, top: NonNegative[int] = 0, bottom: NonNegative[int] = 0) -> None:
        self.top, self.bottom = top, bottom

    def on_labels(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """See :func:`ignore_rows`.

        Raises:
            UserError: the loader marks the margins of whole images as well, or no row is left.
        """
        if target.batch.target_valid is not None:
            margins = "pseudo_weight_ignore_top/bottom (or the stage IgnoreRows) and crop_pseudo_margins"
            raise UserError(f"{margins} ignore the same margins twice. Set one of the two to 0 or None.")
        if self.top + self.bottom >= pseudo.weights.shape[1]:
            given = f"pseudo_weight_ignore_top/bottom (or the stage IgnoreRows) leave out {self.top} and {self.bottom} rows"
            raise UserError(f"{given} of crops of {pseudo.weights.shape[1]}, so no pseudo-label would count. Use less.")
        return ignore_rows(pseudo, self.top, self.bottom)
