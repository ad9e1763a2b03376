"""What only shows when the parts of a training meet, found before its first step.

The student sees a batch on torch's meta device, where every layer computes the size of its result and no number: 0.15 s for the
demo's network, 0.5 s for HRDA with MiT-B5, whatever the size of the crops.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.func import functional_call

from mmseg.models.uda import UDAMethod
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.utils.errors import UserError

ONE_VALUE = "Expected more than 1 value per channel"
"""How torch refuses to normalise a single value with its own mean."""
UNSEEN = ("meta", "SyncBatchNorm expected input tensor")
"""Words of torch's errors about layers that need numbers, or a GPU."""


class StudentPass(nn.Module):
    """What every step does with the student: a pass, its losses and, where there is one, the discriminator's answer.

    Args:
        method: with the networks, which keep the names that a config gives them.
    """

    def __init__(self, method: UDAMethod) -> None:
        super().__init__()
        self.model, self.model_D = method.model, method.model_D

    def forward(self, image: Tensor, label: Tensor) -> None:
        """Of [B, 3, H, W] images with labels [B, H, W]."""
        output = self.model(image, np.random.default_rng(0))
        for value in self.model.loss(output, label).values():
            value.reshape(())
        if self.model_D is not None:
            self.model_D(self.model_D.looks_at(Prediction.of(output)))


def dry_pass(method: UDAMethod, batch: int, size: Sequence[int]) -> None:
    """Refuses a network whose parts do not fit each other, or the crops of the training; weights and statistics stay as they are.

    Layers that need numbers cannot be tried; what is behind them is not checked then, and the log says so.

    Args:
        method: before its networks are compiled.
        batch: B; of all processes, where they share their statistics.
        size: (H, W) of the crops.

    Raises:
        UserError: names the part and what is wrong with it.
    """
    student = StudentPass(method.train())
    empty = {name: torch.empty_like(value, device="meta") for name, value in (*student.named_parameters(), *student.named_buffers())}
    image = torch.empty(batch, 3, *size, device="meta")
    label = torch.empty(batch, *size, dtype=torch.long, device="meta")
    try:
        with torch.no_grad():
            functional_call(student, empty, (image, label))
    except UserError:
        raise
    except (RuntimeError, ValueError) as error:  # what torch says about sizes
        part, text = _part(student, error.__traceback__), str(error).strip().partition("\n")[0].rstrip(".")
        if isinstance(error, NotImplementedError) or any(word in text for word in UNSEEN):
            print_log(f"Whether the parts of the network fit is not checked before the first step: {part}, {text}", logger="current")
            return
        raise UserError(_in_words(part, text, batch, size)) from error


def _part(student: nn.Module, traceback: TracebackType | None) -> str:
    """The name of the innermost module that an error has passed, such as model.decode_head.fuse_layer."""
    names, found = {module: name for name, module in student.named_modules() if name}, "model"
    while traceback is not None:
        owner = traceback.tb_frame.f_locals.get("self")
        found = names.get(owner, found) if isinstance(owner, nn.Module) else found
        traceback = traceback.tb_next
    return found


def _in_words(part: str, text: str, batch: int, size: Sequence[int]) -> str:
    if ONE_VALUE in text:
        more = "Set train_dataloader.batch_size=2 or more, or leave the pooling out (pool=False of an 'aspp')."
        return f"{part} normalises a single value per channel in a batch of {batch}, which leaves nothing. {more}"
    fix = "Correct the options of this part, or of the one before it."
    return f"{part} does not fit what comes in, for a batch of {batch} crops of {size[0]}x{size[1]}: {text}. {fix}"
