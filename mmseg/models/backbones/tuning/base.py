"""How a tuning changes an encoder, and its registry: ``model.backbone.tuning=dict(type='LoRA', rank=16)``."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.registry import Registry
from torch import nn

from mmseg.registry import build_checked, component_of

TUNINGS = Registry("tuning", scope="mmseg", locations=["mmseg.models.backbones.tuning"], build_func=build_checked)


class Tuning:
    """What is trained in a plain transformer. A subclass changes the network when it is built, and sets its own values when it starts.

    Names of the entries that the network had before stay what they are.
    """

    frozen = True
    """Whether the weights of the network, as it was without the tuning, stay what they are."""
    mergeable = True
    """Whether what it learned can be written into these weights."""

    def apply(self, network: nn.Module) -> nn.Module | None:
        """Changes a network in place; returns what is to be kept beside it, where there is something."""
        return None

    def start(self, network: nn.Module) -> None:
        """Sets the starting values of what :meth:`apply` added, once the weights of the network are there."""

    def merge(self, network: nn.Module) -> None:
        """Writes what was learned into the weights of the network, and takes what was added out of it.

        Raises:
            UserError: it cannot be written there.
        """


@TUNINGS.register_module(name=["full", "Full"])
class Full(Tuning):
    """All weights are trained."""

    frozen = False


def build_tuning(options: Mapping | None) -> Tuning:
    """The tuning of a config; everything is trained without one.

    Raises:
        UserError: its type is not known, or one of its options.
    """
    options = dict(options or {"type": "full"})
    component_of(options, TUNINGS)
    return TUNINGS.build(options)


def merge_tuning(segmentor: nn.Module) -> None:
    """Writes what an encoder has learned beside its weights into them, where that can be done; predictions stay, to rounding."""
    tuning = getattr(segmentor.backbone, "tuning", None)
    if tuning is not None and tuning.mergeable:
        tuning.merge(segmentor.backbone.network)
