"""A target that no term of a method looks at, and a term that never begins, are told at the start of a training."""

from types import SimpleNamespace

import pytest

from mmseg.engine.parts import late_note, target_note
from mmseg.registry import MODELS
from tests.models import networks

SEGMENTOR = {
    "type": "EncoderDecoder",
    "backbone": {"type": "MixVisionTransformer", **networks.tiny_encoder()},
    "decode_head": {"type": "DAFormerHead", **networks.daformer_head()},
}
MASKS = {"mask_generator": {"type": "block", "mask_ratio": 0.5, "mask_block_size": 16}}
SAID = "SourceOnly looks at the source alone: train_dataloader.dataset.target is read for nothing. Remove target and target_crop"


@pytest.mark.parametrize(
    ("uda", "said"),
    [
        ({"type": "SourceOnly"}, True),
        ({"type": "SourceOnly", "mask_mode": "separatesrc", **MASKS}, True),
        ({"type": "SourceOnly", "mask_mode": "separatetrg", **MASKS}, False),
        ({"type": "DACS"}, False),
        ({"type": "MinEnt", "lambda_ent": {"main": 1.0}}, False),
    ],
)
def test_the_note(uda, said):
    method = MODELS.build({**uda, "segmentor": SEGMENTOR})
    note = target_note(SimpleNamespace(target=["photo.png"], labeled=None), method)
    assert (note or "").startswith(SAID) if said else note is None
    assert target_note(SimpleNamespace(target=None), method) is None


def test_a_term_that_begins_after_the_end_is_told():
    method = MODELS.build({"type": "DACS", "self_training_start": 5, "segmentor": SEGMENTOR})
    assert late_note(method, 6) is None
    assert late_note(method, 5).startswith("Never trained in 5 iterations: mixed after iteration 5. Lower self_training_start")
