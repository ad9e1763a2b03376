"""What a config says about depth and density (``uda.depth``), and the parts of a method that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from mmseg.models.uda.depth_distribution.maps import Units
from mmseg.models.uda.depth_distribution.mixtures import Mixtures
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative
from mmseg.utils.products.mixture_file import read_mixtures


def check_mixtures(uda: Mapping, classes: Sequence[str]) -> None:
    """Refuses a method whose mixtures are of other classes than the data, or of the same in another order.

    Args:
        uda: section of a config.
        classes: names by train id.

    Raises:
        UserError: see :func:`read_mixtures`.
    """
    path = uda.get("mixtures") or (uda.get("depth") or {}).get("mixtures")
    if isinstance(path, str):
        read_mixtures(path, classes=classes)


class DepthOptions:
    """Options of ``uda.depth``.

    Args:
        mixtures: file of ``tools/prepare/depth_distribution.py``; None learns the depth alone.
        units: of what the branches learn, see :class:`GeometrySupervision`; those of the mixtures may be others.
        lambda_depth: weight of the depth of the source.
        lambda_density: weight of the density of the source.
        lambda_target: weight of the density of the target.
    """

    def __init__(
        self,
        *,
        mixtures: str | None = None,
        units: Units = "normalized",
        lambda_depth: NonNegative[float] = 0.1,
        lambda_density: NonNegative[float] = 0.1,
        lambda_target: NonNegative[float] = 0.1,
    ) -> None:
        self.mixtures, self.units = mixtures, units
        self.weights = {"lambda_depth": lambda_depth, "lambda_density": lambda_density, "lambda_target": lambda_target}

    def mixtures_for(self, network: nn.Module) -> Mixtures | None:
        """The mixtures, for a network that predicts what they are needed for; None without.

        Raises:
            UserError: it has no depth head or none with a density, or the mixtures are broken or of other classes.
        """
        head = getattr(network, "depth_head", None)
        if head is None or (self.mixtures is not None and head.density is None):
            lacking = "depth" if head is None else "density"
            fix = "Give model.depth_head=dict(type='DepthDensityHead', in_channels=C, density=True)."
            raise UserError(f"The method in uda learns {lacking}, which the network does not predict. {fix}")
        if self.mixtures is None:
            return None
        mixtures = Mixtures(read_mixtures(self.mixtures))
        if mixtures.num_classes != network.num_classes:
            text = f"{self.mixtures} holds mixtures of {mixtures.num_classes} classes, and the network has {network.num_classes}"
            raise UserError(f"{text}. Make it with the config of this training: tools/prepare/depth_distribution.py.")
        return mixtures

    def supervision(self, mixtures: Mixtures | None) -> GeometrySupervision:
        """The losses."""
        return GeometrySupervision(mixtures=mixtures, units=self.units, **self.weights)
