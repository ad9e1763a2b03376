"""What the states of a training need on its disk, before the first of them is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.optim import Optimizer

from mmseg.engine.checkpoints.checkpoint import tensor_bytes
from mmseg.utils.storage.run_folder import BEST, LATEST, PREVIOUS, kept_states
from mmseg.utils.storage.space import as_size, free_space

KEPT = (LATEST, PREVIOUS, BEST)
PARTS = len(KEPT) + 1
"""Files that there are at one time: those that are kept, and the one that is being written."""


def averages(optimizer: Optimizer) -> int:
    """How many numbers an optimizer keeps of each weight."""
    options = optimizer.defaults
    return 2 + bool(options.get("amsgrad")) if "betas" in options else int(bool(options.get("momentum")))


def state_bytes(network: nn.Module, wrapper: OptimWrapper | OptimWrapperDict, without: Iterable[Tensor] = ()) -> int:
    """About how many bytes a state of a training has: its networks, and what its optimizers keep of each weight.

    Tensors that several networks share are written once, and those of ``without`` not at all.
    """
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    weights = [averages(each.optimizer) * tensor_bytes(group["params"]) for each in wrappers for group in each.optimizer.param_groups]
    held = {value.data_ptr(): value for value in network.state_dict().values()}
    for weight in without:
        held.pop(weight.data_ptr(), None)
    return tensor_bytes(held) + sum(weights)


def space_note(folder: Path, size: int, max_keep: int = 0) -> str | None:
    """Says that the states of a training may not fit onto the disk of its run folder; None if they do.

    Args:
        folder: of the run; states that it holds already are replaced by later ones.
        size: bytes of a state.
        max_keep: states of evaluations that are kept besides.
    """
    files = [*(folder / name for name in KEPT), *kept_states(folder).values()]
    there = sum(file.stat().st_size for file in files if file.is_file())
    needed, free = (PARTS + max_keep) * size - there, free_space(folder)
    if free is None or needed <= free:
        return None
    text = f"{as_size(free)} are free on the disk of {folder}, and the states of this training need {as_size(needed)}"
    more = f", {max_keep} of evaluations" if max_keep else ""
    named = f"{', '.join(KEPT)}{more} and the next one while it is written, of about {as_size(size)} each"
    return f"{text}: {named}. Free some space, or choose another folder with --work-dir."
