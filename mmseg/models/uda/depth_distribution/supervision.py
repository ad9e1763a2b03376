"""Depth and density as losses: what a method that knows depth adds to its passes over source and target (Wu & Liu, NeurIPS 2022).

Letters: B images, K classes, (H, W) crop, (h, w) the map of the depth head.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.berhu import berhu
from mmseg.models.uda.depth_distribution.maps import Units, at_map, inverse_depth, learned_depth
from mmseg.models.uda.depth_distribution.mixtures import HIGHEST, Mixtures, density_target
from mmseg.models.uda.step import StepContext
from mmseg.structures import Geometry, SegOutput
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


class GeometrySupervision:
    """berHu losses of the depth head. Holds no parameters.

    Args:
        mixtures: of the classes; None leaves the density out.
        units: 'raw' as published: the branches learn inverse depth z and a density in [0, 255]; 'normalized': log z and a density
            in [0, 1].
        lambda_depth: weight of the depth of the source.
        lambda_density: weight of the density of the source.
        lambda_target: weight of the density of the target.
    """

    def __init__(
        self,
        *,
        mixtures: Mixtures | None,
        units: Units,
        lambda_depth: NonNegative[float],
        lambda_density: NonNegative[float],
        lambda_target: NonNegative[float],
    ) -> None:
        self.mixtures, self.units = mixtures, units
        self.lambda_depth, self.lambda_density, self.lambda_target = lambda_depth, lambda_density, lambda_target
        self.highest = HIGHEST if units == "raw" else 1.0

    def source(self, step: StepContext, output: SegOutput, label: Tensor) -> Tensor:
        """The losses of a pass over the source: a scalar.

        The depth is compared at the size of the crop, the density at that of its map, where each pixel is of the class that the network
        predicts at the moment; pixels of unknown depth do not count.

        Args:
            step: logs.
            output: of the pass.
            label: [B, H, W] int64.

        Raises:
            UserError: the training data has no depth.
        """
        depth = step.batch.source_depth
        if depth is None:
            text = "The method in uda learns depth, but the training data has none"
            raise UserError(f"{text}. Give train_dataloader.dataset.source.depth_dir, or leave uda.depth out.")
        predicted = resize(output.geometry.depth, depth.shape[1:], output.align_corners)
        known = (depth > 0)[:, None]
        loss = self.lambda_depth * berhu(predicted, learned_depth(depth, self.units)[:, None], known)
        total = step.log({"loss_source": loss}, "depth.")
        if self.mixtures is None:
            return total
        size = output.geometry.density.shape[2:]
        small = at_map(depth, size)
        goal = density_target(self.mixtures, predicted_classes(output), small, label=at_map(label, size), places=step.batch.source_place)
        return total + step.log({"loss_source": self.lambda_density * self._density(output.geometry, goal, small > 0)}, "density.")

    def target(self, step: StepContext, geometry: Geometry, classes: Tensor, valid: Tensor | None = None) -> Tensor | float:
        """The loss of a pass over the target: the density at the depth that the network predicts, without a gradient through that.

        Args:
            step: logs.
            geometry: of the pass.
            classes: int64 [B, h, w], of which class each pixel is.
            valid: bool [B, h, w], which pixels count; None means all of them.

        Returns:
            A scalar; 0 without mixtures.
        """
        if self.mixtures is None:
            return 0.0
        depth = inverse_depth(geometry.depth.detach()[:, 0], self.units)
        goal = density_target(self.mixtures, classes, depth, places=step.batch.target_place)
        return step.log({"loss_target": self.lambda_target * self._density(geometry, goal, valid)}, "density.")

    def _density(self, geometry: Geometry, goal: Tensor, valid: Tensor | None) -> Tensor:
        scaled = goal[:, None] * (self.highest / HIGHEST)
        return berhu(geometry.density, scaled, None if valid is None else valid[:, None])


def predicted_classes(output: SegOutput) -> Tensor:
    """The classes [B, h, w] that the first view predicts, at the size of the map of the depth head."""
    logits = output.views[0].logits.detach()
    return resize(logits, output.geometry.depth.shape[2:], output.align_corners).argmax(dim=1)
