"""One optimizer group per distinct learning rate and decay, not per tensor.

The published optimizer holds 1,126 groups for HRDA, with which fused and foreach AdamW gain nothing.
The update of every tensor is the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from types import MappingProxyType

from mmengine.registry import OPTIM_WRAPPERS, OPTIMIZERS
from torch import nn

from mmseg.engine.optimizers.fused import build_fused
from mmseg.engine.optimizers.guarded import GuardedOptimWrapper
from mmseg.engine.optimizers.rates import layer_factors
from mmseg.models.uda import UDAMethod
from mmseg.registry import OPTIM_WRAPPER_CONSTRUCTORS, build_checked, check_component, find
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import NonNegative, ShareAboveZero, mismatch


def multipliers(name: str, custom_keys: Mapping[str, Mapping[str, float]]) -> tuple[float, float]:
    """(lr_mult, decay_mult) of a parameter: the longest key that its name contains decides, ties alphabetically."""
    for key in sorted(sorted(custom_keys), key=len, reverse=True):
        if key in name:
            return custom_keys[key].get("lr_mult", 1.0), custom_keys[key].get("decay_mult", 1.0)
    return 1.0, 1.0


def enclosing_modules(name: str) -> int:
    """How many modules below a backbone hold a parameter: 1 for ``conv1``, 3 within a block, 4 in its shortcut; 1 outside of backbones."""
    _, _, inner = name.rpartition("backbone.")
    return inner.count(".") if "backbone." in name else 1


def parameter_groups(
    network: nn.Module,
    lr: float,
    weight_decay: float,
    custom_keys: Mapping[str, Mapping[str, float]],
    others: Collection[nn.Parameter] = frozenset(),
    *,
    repeat: bool = False,
    factors: Mapping[str, float] = MappingProxyType({}),
) -> list[dict]:
    """Groups the trainable parameters by learning rate and decay.

    Args:
        network: frozen parameters (teacher, ImageNet network) are left out; they never had a gradient.
        others: parameters that another optimizer trains.
        lr, weight_decay: base values.
        custom_keys: per name fragment a dictionary with ``lr_mult`` and ``decay_mult``.
        repeat: lists a parameter of a backbone once for each module that holds it (:func:`enclosing_modules`), and so updates it that often
            in a step.
        factors: of the learning rates of parameters, by name, on top of ``custom_keys``.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and parameter not in others:
            times = enclosing_modules(name) if repeat else 1
            lr_mult, decay_mult = multipliers(name, custom_keys)
            groups.setdefault((lr_mult * factors.get(name, 1.0), decay_mult), []).extend([parameter] * times)
    return [
        {"params": parameters, "lr": lr * lr_mult, "weight_decay": weight_decay * decay_mult}
        for (lr_mult, decay_mult), parameters in groups.items()
    ]


PUBLISHED_FRAGMENTS = ("head", "pos_block", "norm")
"""Of the published schedules, whatever the encoder: a MiT has no ``pos_block``."""


PARAMWISE = {"custom_keys": Mapping, "published_quirks": bool, "layer_decay": ShareAboveZero | None}
"""The options of ``paramwise_cfg`` with their types."""


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupedOptimWrapperConstructor:
    """Builds the optimizer wrapper of a config.

    Args:
        optim_wrapper_cfg: ``optimizer`` (torch's options) and ``clip_grad``; its type is 'OptimWrapper',
            which is built as :class:`GuardedOptimWrapper`.
        paramwise_cfg: ``custom_keys`` as in mmengine; ``layer_decay``, above 0 and at most 1: the learning rate of block i of an encoder of
            L transformer blocks is multiplied by layer_decay^(L - 1 - i), that of positions and patch embedding by layer_decay^L, on top of
            ``custom_keys``; and ``published_quirks``: True repeats the parameters of a backbone as the
            released code of CPSL does by accident, which makes its learning rate about three times as large (see docs/cpsl.md).
            Beside ``paramwise_cfg``, ``scale_lr_by='sqrt_batch'`` multiplies the learning rate by the square root of the crops of a step,
            over all processes, and prints the result.

    Raises:
        UserError: an unknown option, another type, or gradient accumulation, which several backward passes per
            step exclude.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        self.options = dict(optim_wrapper_cfg)
        self.custom_keys = self._custom_keys(paramwise_cfg or {})
        self.published_quirks = (paramwise_cfg or {}).get("published_quirks", False)
        self.layer_decay = (paramwise_cfg or {}).get("layer_decay")
        if self.options.get("accumulative_counts", 1) != 1:
            reason = "a step has several backward passes"
            raise UserError(f"optim_wrapper.accumulative_counts must be 1: {reason}. Use micro_batches with a larger batch_size instead.")

    @staticmethod
    def _custom_keys(paramwise_cfg: dict) -> dict:
        for key in paramwise_cfg:
            if key not in PARAMWISE:
                near = suggestion(key, PARAMWISE)
                raise UserError(f"optim_wrapper.paramwise_cfg has no option '{key}'.{near} Use custom_keys.")
        for key in ("published_quirks", "layer_decay"):
            if key in paramwise_cfg and (wrong := mismatch(PARAMWISE[key], paramwise_cfg[key])):
                raise UserError(f"optim_wrapper.paramwise_cfg.{key}{wrong}")
        custom_keys = paramwise_cfg.get("custom_keys", {})
        for fragment, values in custom_keys.items():
            for key in values:
                if key not in ("lr_mult", "decay_mult"):
                    fix = suggestion(key, ["lr_mult", "decay_mult"]) or " Use lr_mult or decay_mult."
                    raise UserError(f"optim_wrapper.paramwise_cfg.custom_keys['{fragment}'] has no option '{key}'.{fix}")
                if wrong := mismatch(NonNegative[float], values[key]):
                    raise UserError(f"optim_wrapper.paramwise_cfg.custom_keys['{fragment}'].{key}{wrong}")
        return custom_keys

    def _check_fragments(self, model: nn.Module) -> None:
        """Refuses a fragment that no trainable parameter's name contains; those of the published schedules serve all encoders."""
        names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        for fragment in self.custom_keys:
            if fragment not in PUBLISHED_FRAGMENTS and not any(fragment in name for name in names):
                parts = {part for name in names for part in name.split(".")}
                fix = suggestion(fragment, parts) or " Leave it out, or write a part of a parameter's name."
                raise UserError(f"optim_wrapper.paramwise_cfg.custom_keys['{fragment}'] matches no parameter.{fix}")

    def __call__(self, model: UDAMethod) -> GuardedOptimWrapper:
        """The wrapper with an optimizer over the trainable parameters of ``model``."""
        options = {"type": "OptimWrapper", **self.options}
        kind = options["type"]
        if kind != "OptimWrapper":
            close = "" if isinstance(kind, str) and find(kind, OPTIM_WRAPPERS) else suggestion(kind, ["OptimWrapper"])
            fix = close or " Use 'OptimWrapper', with precision='bf16' or 'fp16' beside optim_wrapper for mixed precision."
            raise UserError(f"optim_wrapper.type={kind!r} is not known to a step of several backward passes.{fix}")
        optimizer = dict(options.pop("optimizer", None) or {})
        if "lr" not in optimizer:
            raise UserError("optim_wrapper.optimizer has no learning rate. Give for example optimizer=dict(type='AdamW', lr=6e-5).")
        check_component(optimizer, OPTIMIZERS)
        self._check_fragments(model)
        others = {parameter for spec in model.own_optimizers.values() if spec.alone for parameter in spec.part.parameters()}
        quirks, decay = self.published_quirks, optimizer.get("weight_decay", 0.0)
        factors = {} if self.layer_decay is None else layer_factors(model.model, self.layer_decay)
        factors = {f"model.{name}": factor for name, factor in factors.items()}
        groups = parameter_groups(model, optimizer["lr"], decay, self.custom_keys, others, repeat=quirks, factors=factors)
        if quirks:  # kernels over all tensors at once would read a repeated one before they have written it
            optimizer |= {"fused": False, "foreach": False}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="optimizer contains a parameter group with duplicate parameters")
            parts = {"optimizer": build_fused({**optimizer, "params": groups}), "method": model}
        return build_checked({**options, **parts, "type": GuardedOptimWrapper}, OPTIM_WRAPPERS)
