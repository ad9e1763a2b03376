"""Every model among the published configs is built as it stands: all names and options are known."""

from __future__ import annotations

import json

import pytest
import torch

from mmseg.registry import MODELS
from tests.parity.records import reference_folder

STUDIES = ("hrda", "daformer")


def _published_models() -> dict[str, dict]:
    """Every distinct model, by the name of the first run that has it."""
    folder = reference_folder()
    files = [folder / "experiments" / f"{study}.json" for study in STUDIES] if folder else []
    runs = [run for path in files if path.is_file() for group in json.loads(path.read_text()).values() for run in group]
    first: dict[str, dict] = {}
    for run in runs:
        first.setdefault(json.dumps(run["cfg"]["model"], sort_keys=True), run)
    return {run["name"]: run["cfg"]["model"] for run in first.values()}


PUBLISHED = _published_models()
MISSING = pytest.param(
    None, id="no-records", marks=pytest.mark.skip(reason="no experiments (set MMSEG_REFERENCE to the folder of reference records)")
)


@pytest.mark.parametrize("name", list(PUBLISHED) or [MISSING])
def test_published_model_builds(name: str) -> None:
    with torch.device("meta"):  # neither memory nor the pretrained file is needed
        model = MODELS.build(PUBLISHED[name])
    assert model.num_classes == 19
    for part in (model.backbone, model.decode_head):
        assert sum(parameter.numel() for parameter in part.parameters()) > 0


@pytest.mark.skipif(not PUBLISHED, reason="no experiments (set MMSEG_REFERENCE to the folder of reference records)")
def test_names_tell_the_models_apart() -> None:
    assert len({json.dumps(model, sort_keys=True) for model in PUBLISHED.values()}) == len(PUBLISHED) == 48
