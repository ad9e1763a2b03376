"""Encoders and decoders as programs of ``torch.compile``, made for each size of input that a training has.

Only the forward functions are exchanged: networks, their entries in a checkpoint and their random draws stay the same.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from mmengine.logging import print_log
from torch import nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.uda import UDAMethod

OPTIONS = {"fallback_random": True}
"""Of the compiler: Dropout and DropPath draw what they draw without it."""


@dataclass
class Compilation:
    """Runs the programs of a method while it trains; validation has other sizes and goes without.

    A part is compiled as a whole or not at all: what fails has not run yet, and runs as it is written.

    Attributes:
        method: it knows whether it trains.
        failed: whether a part could not be compiled. No program is used from then on.
    """

    method: UDAMethod
    failed: bool = False

    def of(self, forward: Callable) -> Callable:
        """A function that does what ``forward`` does; its program is made at its first call."""
        from torch._dynamo.exc import TorchDynamoException  # takes a second, which trainings without programs need not wait

        program = torch.compile(forward, fullgraph=True, dynamic=False, options=OPTIONS)

        @functools.wraps(forward)
        def run(*inputs: object, **options: object) -> object:
            if self.failed or not self.method.training:
                return forward(*inputs, **options)
            try:
                return program(*inputs, **options)
            except TorchDynamoException as error:
                self.failed = True
                reason = f"{getattr(error, 'inner_exception', error)}".strip().partition("\n")[0] or type(error).__name__
                text = f"compile=True: torch.compile failed ({reason}), and training goes on without it. Leave compile out."
                print_log(text, logger="current", level=logging.WARNING)
                return forward(*inputs, **options)

        return run


def compile_networks(method: UDAMethod) -> Compilation:
    """Compiles the encoders and the decoders of student, teachers and ImageNet network, in place."""
    compilation = Compilation(method)
    for part in compiled_parts(method):
        part.forward = compilation.of(part.forward)
        if isinstance(part, DecodeHead) and type(part).forward is DecodeHead.forward:  # the other way in, past `forward`
            part.decode = compilation.of(part.decode)
    return compilation


def compiled_parts(method: UDAMethod) -> list[nn.Module]:
    """Backbones, necks and single-scale decoders: what takes tensors and gives tensors."""
    networks = [method.model, *(teacher.network for teacher in method.teachers), method.imnet_model]
    parts: list[nn.Module] = []
    for network in filter(None, networks):
        parts += [network.backbone, *([network.neck] if hasattr(network, "neck") else [])]
        parts += [module for module in network.modules() if isinstance(module, DecodeHead)]
    return parts
