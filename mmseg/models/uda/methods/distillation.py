"""Distillation: a small network learns what a large adapted one says about target images (Hinton et al., arXiv 1503.02531)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from mmseg.models.uda.methods.supervised import SourceOnly
from mmseg.models.uda.pseudo_labels.frozen_teacher import FrozenTeacher
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive

HASH = "distilled_hash"


@MODELS.register_module()
class Distillation(SourceOnly):
    """Supervision on the source, and soft labels of a frozen teacher on the target; ``objectives=dict(source=None)`` leaves the former out.

    The teacher is what another training has left. :func:`mmseg.apis.training.teachers.attach_teacher` reads its config and its weights
    when the training starts or goes on. It is no part of the state, which keeps the SHA-256 of its file alone.

    Args:
        distilled_from: the teacher: folder of a run, of a released checkpoint or of an exported model, or a checkpoint beside its config.
            Its student teaches.
        temperature: both distributions are softened with; see :class:`SoftLabelSupervision`.
        lambda_distillation: weight of the soft labels.
        shared: see :class:`Preset`.
    """

    blind = False

    def __init__(
        self,
        *,
        distilled_from: str,
        temperature: Positive[float] = 1.0,
        lambda_distillation: NonNegative[float] = 1.0,
        **shared,
    ) -> None:
        super().__init__(**shared)
        self.distilled_from = distilled_from
        self.distilled: FrozenTeacher | None = None
        self.register_buffer(HASH, torch.zeros(32, dtype=torch.uint8))
        soft = {"temperature": temperature, "weight": lambda_distillation, "start": self.self_training_start}
        distilled = {"type": "SoftLabelSupervision", "taught_by": self.taught_by, **soft}
        self.preset = {"source": self.preset["source"], "distilled": distilled, **self.preset}

    def taught_by(self) -> FrozenTeacher:
        """The teacher."""
        assert self.distilled is not None, "a training attaches it before its first step"
        return self.distilled

    def learn_from(self, network: nn.Module, sha256: str) -> None:
        """Takes a teacher.

        Args:
            network: a method with a network of the same classes, on the device of this one.
            sha256: of its file, in hexadecimal digits.

        Raises:
            UserError: it has another number of classes.
        """
        if network.model.num_classes != self.model.num_classes:
            text = f"The teacher in {self.distilled_from} has {network.model.num_classes} classes, and the model {self.model.num_classes}"
            raise UserError(f"{text}. Give the student those of the teacher with num_classes.")
        self.distilled = FrozenTeacher(network, self.data_preprocessor)
        getattr(self, HASH).copy_(torch.tensor(list(bytes.fromhex(sha256)), dtype=torch.uint8))

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: object, **kwargs: object) -> object:
        """Takes the state of a training that the same teacher taught.

        Raises:
            UserError: it was another file.
        """
        own, given = getattr(self, HASH), state_dict.get(HASH)
        if given is not None and self.distilled is not None and not torch.equal(own.cpu(), given.cpu()):
            text = f"The teacher in {self.distilled_from} is another one than that of the state that is loaded"
            raise UserError(f"{text}. Put that file back, or train in another folder with --work-dir.")
        return super().load_state_dict(state_dict, *args, **kwargs)
