"""State-dict keys, shapes, order and parameter counts of the published decoders, built on the meta device."""

from __future__ import annotations

import torch

from mmseg.registry import MODELS
from tests.parity.records import Record, parametrize


@parametrize("manifests/h_*")
def test_decoder_manifest(record: Record) -> None:
    with torch.device("meta"):
        head = MODELS.build(record.info["model_cfg"]["decode_head"])
    assert [[key, list(value.shape)] for key, value in head.state_dict().items()] == [entry[:2] for entry in record.info["entries"]]
    assert [name for name, _ in head.named_parameters()] == record.info["parameters_order"]
    assert sum(parameter.numel() for parameter in head.parameters()) == record.info["n_params"]
