"""Files of weights of timm's networks: converted by timm, matched with the encoder, never half-loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mmseg.models.weights.pretrained import read_state
from mmseg.utils.errors import UserError

CLASSIFIER = ("head.", "head_dist.", "fc.", "classifier.", "last_linear.", "norm.", "fc_norm.", "attn_pool.")
"""What a file may hold of the classifier, behind the last map."""
MASK_TOKEN = "mask_token"


def encoder_state(
    path: str, name: str, own: Mapping[str, Tensor], whole: nn.Module, names: Sequence[str]
) -> tuple[dict[str, Tensor], Tensor | None]:
    """What a file holds for an encoder.

    Args:
        path: in timm's layout or in one that timm converts.
        name: of the network, for errors.
        own: state dict of the encoder.
        whole: the network that timm's own conversion of foreign layouts needs.
        names: its entries as it was made.

    Returns:
        the state dict to load, and the mask token of the file, as it is there, where it has one: timm's conversions leave it out.

    Raises:
        UserError: the file is missing, cannot be read, or belongs to another network.
    """
    given = dict(read_state(path))
    mask_token = given.get(MASK_TOKEN)
    wrong = f"{path} does not hold the weights of timm's {name}"
    convert = getattr(sys.modules[type(whole).__module__], "checkpoint_filter_fn", lambda state, network: state)
    try:
        given = convert(given, whole)
    except (AttributeError, KeyError, IndexError, RuntimeError, TypeError):  # it takes the file for another network's
        raise UserError(f"{wrong}, and timm cannot convert it. Use the file of this network, or pretrained=None.") from None
    state, odd = match_state(given, own, names)
    if odd:
        fix = f"Use the file of this network, or pretrained=None ({len(odd)} entries differ)."
        raise UserError(f"{wrong}: '{odd[0]}' is missing, of another shape or not part of it. {fix}")
    return state, mask_token


def match_state(given: Mapping[str, Tensor], own: Mapping[str, Tensor], names: Sequence[str]) -> tuple[dict[str, Tensor], list[str]]:
    """Finds the entries of an encoder in a file.

    Args:
        given: the file, with the names of the whole network.
        own: state dict of the encoder, in which timm's extractors of features have renamed entries.
        names: of the whole network. What is not among them must belong to a classifier.

    Returns:
        The state dict to load, and the names that do not fit.
    """
    by_name = {_common_name(key): value for key, value in given.items()}
    counters = {key: value for key, value in own.items() if key.endswith("num_batches_tracked")}  # old files lack them
    state = {key: by_name[_common_name(key)] for key in own if _common_name(key) in by_name}
    odd = [key for key, value in own.items() if key not in counters and (key not in state or state[key].shape != value.shape)]
    known = {*names, MASK_TOKEN}
    return counters | state, odd + [key for key in given if key not in known and not key.startswith(CLASSIFIER)]


def _common_name(key: str) -> str:
    """timm's extractors of features rename 'stages.0.x' to 'stages_0.x', or put a prefix before it."""
    return key.removeprefix("model.").removeprefix("body.").replace(".", "_")
