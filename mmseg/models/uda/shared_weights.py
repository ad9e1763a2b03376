"""One set of frozen weights for all networks of a method.

With an encoder that is not trained, student, teachers and the network of the feature distance differ in their decoders and in what a
tuning adds (:mod:`mmseg.models.backbones.tuning`). What is frozen is one set of tensors in memory; each network keeps its own names.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

ENCODER = "backbone.network"


def frozen_weights(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The weights of the encoder of a segmentor that its tuning keeps as they are, by name."""
    backbone = getattr(network, "backbone", None)
    tuning = getattr(backbone, "tuning", None)
    if tuning is not None and tuning.frozen:
        named = backbone.network.named_parameters(prefix=ENCODER)
        yield from ((name, parameter) for name, parameter in named if not parameter.requires_grad)


def share_frozen(student: nn.Module, other: nn.Module) -> nn.Module:
    """Lets another network of the same config use the frozen tensors of the student; returns it."""
    for name, parameter in frozen_weights(student):
        holder, _, key = name.rpartition(".")
        other.get_submodule(holder)._parameters[key] = parameter
    return other
