"""The predictions of a student pass, for terms that look at them as pictures instead of pixel by pixel.

Letters: B images, C channels, K classes, (H, W) size in which the network saw the whole crop, (h, w) decoder's map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.structures import SegOutput
from mmseg.utils.errors import UserError, suggestion

LEVELS = ("main", "aux")


@dataclass(frozen=True)
class Prediction:
    """Logits by level.

    Attributes:
        logits: [B, K, h, w] under 'main' (the fused ones of a multi-scale network) and, if the network
            has an auxiliary head, under 'aux'.
        size: (H, W).
        features: [B, C, ., .], the encoder's last level in the first view; None where nothing looks at it.
        align_corners: corner convention of enlarging the logits.
        density: [B, 1, h, w] of the depth head; None where the network predicts none.
    """

    logits: Mapping[str, Tensor]
    size: tuple[int, int]
    features: Tensor | None
    align_corners: bool = False
    density: Tensor | None = None

    @classmethod
    def of(cls, output: SegOutput) -> Prediction:
        """The prediction of a training pass.

        A plain network saw the crop as it is, HRDA at the context scale: half the resolution, at which the
        published code compares the predictions of its domains.
        """
        levels = dict(zip(LEVELS, (output.logits, output.auxiliary), strict=True))
        given = {level: logits for level, logits in levels.items() if logits is not None}
        view = output.views[0]
        features = view.features[-1] if view.features else None
        density = None if output.geometry is None else output.geometry.density
        return cls(given, tuple(view.image.shape[2:]), features, output.align_corners, density)

    def detach(self) -> Prediction:
        """The same values without their graph."""
        logits = {level: logits.detach() for level, logits in self.logits.items()}
        features, density = (None if value is None else value.detach() for value in (self.features, self.density))
        return replace(self, logits=logits, features=features, density=density)

    def enlarge(self, values: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, H, W]."""
        return resize(values, self.size, self.align_corners)

    def probabilities(self) -> dict[str, Tensor]:
        """[B, K, H, W] in [0, 1] by level."""
        return {level: self.enlarge(logits).softmax(dim=1) for level, logits in self.logits.items()}


def level_weights(option: str, weights: Mapping[str, float]) -> dict[str, float]:
    """Checks an option that weighs the levels, e.g. ``lambda_ent=dict(main=0.001, aux=0.0002)``.

    Raises:
        UserError: 'main' is missing, or there is a level that no network has.
    """
    for level in weights:
        if level not in LEVELS:
            raise UserError(f"{option} has no level '{level}'.{suggestion(level, LEVELS) or ' Use main and aux.'}")
    if "main" not in weights:
        raise UserError(f"{option}={dict(weights)} has no weight for the main prediction. Give {option}=dict(main=0.001, aux=0.0002).")
    return dict(weights)
