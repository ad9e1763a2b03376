"""The studies of active learning: published numbers agree with each other, and what a row changes is an entry of its config."""

from statistics import fmean

import pytest
import torch

from experiments import STUDIES
from mmseg.apis.launching.rows import row_configs
from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.config.small.shrink import demo
from mmseg.engine.annotating.picking import Picker
from mmseg.experiments import Row
from mmseg.experiments.studies.bases import DAFORMER, HRDA_GTA
from mmseg.experiments.studies.ours.annotated import annotated
from mmseg.models.uda.acquisition.selection import squares
from mmseg.registry import ACQUISITIONS, build_checked
from tests import tiny

HOOK = "AnnotationRounds"
WITH_CLASSES = [(number, address) for number in (70, 71) for address in STUDIES[number].rows]
CHANGED = [(number, address, row) for number in range(70, 75) for address, row in STUDIES[number].rows.items() if row.shared_with is None]


@pytest.mark.parametrize(("number", "address"), WITH_CLASSES)
def test_the_published_classes_have_the_published_means(number, address):
    """A digit that was copied wrongly shows."""
    row = STUDIES[number].rows[address]
    classes = {name.removeprefix("IoU."): value for name, value in row.also_published.items() if name.startswith("IoU.")}
    assert len(classes) == {70: 19, 71: 16}[number]
    assert fmean(classes.values()) == pytest.approx(row.published.mean, abs=0.06)
    if "mIoU.13" in row.also_published:
        thirteen = [value for name, value in classes.items() if name not in ("wall", "fence", "pole")]
        assert fmean(thirteen) == pytest.approx(row.also_published["mIoU.13"], abs=0.06)


@pytest.mark.parametrize(("number", "address", "row"), CHANGED, ids=[f"{number}-{address}" for number, address, _ in CHANGED])
def test_a_row_is_a_complete_config(number, address, row):
    """With one hook that annotates, unless nothing is labelled, and the number of classes of its data."""
    _, cfg = list(row_configs(row, seed=0).values())[-1]
    hooks = [hook for hook in cfg.custom_hooks if hook["type"] == HOOK]
    assert len(hooks) == (row.title != "source only")
    assert cfg.model.decode_head.num_classes == len(cfg.val_dataloader.dataset.get("classes") or range(19))
    assert all(hook.acquisition.type.startswith("Pixel") == ("pixels" in hook.budget) for hook in hooks)


def test_rows_differ_in_what_they_are_called_after():
    def configs(number: int, table: str) -> dict:
        rows = {row.title: row for address, row in STUDIES[number].rows.items() if address.startswith(f"{table}.")}
        return {title: list(row_configs(row, seed=0).values())[-1][1] for title, row in rows.items()}

    losses = {
        title: (cfg.uda.get("local_consistency_lambda", 0.1), cfg.uda.get("annotated", {}).get("negative", 1))
        for title, cfg in configs(72, "gta2cs").items()
    }
    assert losses == {
        **dict.fromkeys(("random regions", "impurity", "uncertainty", "both"), (0, 0)),
        "both + local consistency": (0.1, 0),
        "both + negative learning": (0, 1),
        "all": (0.1, 1),
    }
    kinds = [cfg.custom_hooks[3].acquisition.type for cfg in configs(72, "pixels").values()]
    assert kinds == ["PixelRandom", "PixelEntropy", "PixelLeastConfidence", "PixelImpurity"]
    assert {cfg.custom_hooks[3].acquisition.radius for cfg in configs(72, "pixels").values()} == {32}
    heads = {cfg.model.decode_head.type for cfg in configs(71, "v3plus").values()}
    assert heads == {"DLV3PlusHead"} and configs(71, "v3plus")["RIPU, regions, 5 %"].custom_hooks[3].budget == {"ratio": 0.05}


def test_what_is_added_to_self_training_is_what_the_headline_config_adds():
    def config(setup):
        (_, cfg) = row_configs(Row(title="", setup=setup), seed=0)["train"]
        return cfg

    assert digest(config(annotated(HRDA_GTA, 0.022))) == digest(load_config(tiny.ROOT / "configs/ripu/gtaHR2csHR_hrda_ripu.py"))
    daformer = config(annotated(DAFORMER, 0.01))
    assert daformer.uda.annotated == {} and daformer.custom_hooks[3].budget.ratio == 0.01


@pytest.mark.parametrize("number", [70, 71])
def test_full_supervision_asks_for_every_pixel(number):
    """In one round with one region, wherever it is picked; in a demo image as well."""
    ((_, cfg),) = row_configs(STUDIES[number].rows["v2.4"], seed=0).values()
    for config, size in ((cfg, (1024, 2048)), (demo(cfg), (256, 512))):
        (hook,) = (hook for hook in config.custom_hooks if hook["type"] == HOOK)
        picker = Picker(build_checked(dict(hook.acquisition), ACQUISITIONS), hook.budget, len(hook.rounds), seed=0)
        assert hook.rounds == [0] and picker.count(size) == 1 and picker.allowed(size) == size[0] * size[1]
        for corner in ((0, 0), (size[0] - 1, size[1] - 1)):
            assert squares(torch.tensor([corner]), picker.strategy.radius, size).all()
