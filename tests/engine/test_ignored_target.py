"""A target that no term of a method looks at is told at the start of a training."""

from types import SimpleNamespace

import pytest

from mmseg.engine.parts import target_note
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
    note = target_note(SimpleNamespace(target=["photo.png"]), method)
    assert (note or "").startswith(SAID) if said else note is None
    assert target_note(SimpleNamespace(target=None), method) is None
