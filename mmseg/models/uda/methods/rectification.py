"""Classifier rectification: a short stage after any adaptation (label shift adaptation, Liu et al., CVPR 2022, section 3.4)."""

from __future__ import annotations

from mmengine.logging import print_log

from mmseg.datasets.statistics.class_priors import read_priors
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Some


@MODELS.register_module()
class ClassifierRectification(Preset):
    """Trains the classifier of an adapted network on the source again, with the inverse ratio of the priors on its logits.

    Start it from a checkpoint (``--load-from``). Its predictions are used as they are: a correction of priors on top is refused.

    Args:
        priors: file of ``tools/prepare/priors.py``.
        trained: parts of the network that are trained; all others stay as they are, in evaluation mode. As published, the whole
            decoder; with HRDA, ``['decode_head.head.conv_seg']`` is the classifier that both scales share.
        shared: see :class:`Preset`.
    """

    rectified = True
    blind = False

    def __init__(self, *, priors: str, trained: Some[str] = ("decode_head",), **shared) -> None:
        super().__init__(**shared)
        self.trained = tuple(trained)
        known = dict(self.model.named_modules())
        for name in self.trained:
            if name not in known or not any(True for _ in known[name].parameters()):
                raise UserError(f"uda.trained names '{name}', which is no part of the network with weights. Use decode_head.")
        freeze(self.model)
        for name in self.trained:
            known[name].requires_grad_(True)
        if note := read_priors(priors, num_classes=self.model.num_classes).note:
            print_log(note, logger="current")
        self.preset = {"source": {"type": "RectifiedSupervision", "priors": priors}, **self.preset}

    def train(self, mode: bool = True) -> ClassifierRectification:
        """Train mode for what is trained alone."""
        super().train(mode)
        self.model.eval()
        for name in self.trained if mode else ():
            self.model.get_submodule(name).train()
        return self
