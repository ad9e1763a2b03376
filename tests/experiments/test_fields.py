"""Experiments that cannot be trained are refused where they are defined, with the reason."""

from dataclasses import FrozenInstanceError, replace

import pytest

from mmseg.experiments import HRDA, Experiment, Masking
from mmseg.utils.errors import UserError

DACS = Experiment()
HALF = Masking(block=32)
SUPERVISED = replace(DACS, method="target-only", source=None)


@pytest.mark.parametrize(
    ("base", "changes", "reason"),
    [
        (DACS, {"decoder": "segfomer"}, "no network segfomer_mitb5 in configs/_base_/models. Did you mean 'segformer_mitb5'?"),
        (DACS, {"encoder": "mitb9"}, "no network segformer_mitb9"),
        (DACS, {"source": None}, "dacs needs labelled images. Give a source."),
        (DACS, {"method": "minent", "feature_distance": "things"}, "minent has no feature distance"),
        (DACS, {"method": "advseg", "ignored_margins": "rows"}, "advseg has no pseudo-labels to ignore"),
        (DACS, {"second_crop": 512}, "second_crop=512 is cut from a crop of 512 pixels"),
        (SUPERVISED, {"second_crop": 256}, "second_crop is cut from both domains, and target-only sees one"),
        (DACS, {"iterations": 0}, "iterations=0 trains nothing"),
        (DACS, {"hrda": HRDA(detail_crop=768)}, "a detail crop of 768 pixels does not fit into the crop of 512"),
        (DACS, {"second_crop": 256, "hrda": HRDA(detail_crop=384)}, "a detail crop of 384 pixels does not fit into the crop of 256"),
        (DACS, {"hrda": HRDA(detail_loss=1)}, "detail_loss=1 leaves nothing for the fused loss"),
        (DACS, {"hrda": HRDA(scale=2)}, "scale=2 is no downsampling of the context"),
        (SUPERVISED, {"masking": HALF}, "target-only sees no target to mask"),
        (DACS, {"masking": replace(HALF, ratio=1.5)}, "a mask ratio of 1.5 is no share"),
        (DACS, {"masking": replace(HALF, block=1024)}, "mask blocks of 1024 pixels exceed the crop of 512"),
    ],
)
def test_contradictions_are_refused(base, changes, reason):
    with pytest.raises(UserError, match="This experiment cannot be trained") as error:
        replace(base, **changes)
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_experiments_are_values():
    assert replace(DACS, alpha=0.99) == DACS and replace(DACS, alpha=0.999) != DACS
    with pytest.raises(FrozenInstanceError):
        DACS.alpha = 0.5
    assert len({DACS, replace(DACS), replace(DACS, hrda=HRDA(detail_crop=256))}) == 2


def test_what_the_network_sees():
    assert DACS.seen_crop == 512 and replace(DACS, second_crop=256).seen_crop == 256
