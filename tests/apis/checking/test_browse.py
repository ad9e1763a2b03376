"""Samples of a training without a network: what the loader and the step make of them."""

import numpy as np
import pytest
import torch

from mmseg.apis.checking.browse import build_browser, unknown_labels
from mmseg.config.config import load_config
from mmseg.config.small.shrink import demo
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.collate import collate_samples
from mmseg.models.uda import ConfidenceShare, IgnoreRows
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.apis.data_config import data_config
from tests.datasets.earlier import make_hard, make_soft

MASKED = {"uda.mask_mode": "separatetrg", "uda.mask_generator": {"type": "block", "mask_ratio": 0.5, "mask_block_size": 16}}
PLAIN = {"uda.color_jitter_probability": 1.0, "uda.blur": False}  # nothing is jittered


def samples(data, number: int = 2, **changes) -> list:
    return list(build_browser(data_config(data, **changes)).samples(number))


def test_crops_are_those_of_the_loader(tiny_data):
    browser = build_browser(data_config(tiny_data))
    found = list(browser.samples(3))
    assert [sample.index for sample in found] == [0, 1, 2]
    for sample in found:
        loaded = browser.dataset[sample.index]
        assert np.array_equal(sample.source.image, loaded["source"]["image"].permute(1, 2, 0).numpy())
        assert np.array_equal(sample.target.image, loaded["target"]["image"].permute(1, 2, 0).numpy())
        assert np.array_equal(sample.source.label, loaded["source"]["label"].numpy())
        assert np.array_equal(sample.valid, loaded["target"]["valid"].numpy() == 1) and not sample.valid.all()
        rare_class, file = browser.dataset.draw_source_file(Streams(0, sample.index))
        assert sample.rare_class == rare_class and sample.names[0] == f"{file + 1:05d}.png"
        assert sample.names[1].endswith("_leftImg8bit.png")


def test_mixed_crops_are_pasted_source_classes(tiny_data):
    for sample in samples(tiny_data, **PLAIN):
        mixed, pasted = sample.mixed, sample.mixed.label != IGNORE
        assert pasted.any() and not pasted.all()
        assert np.array_equal(mixed.label[pasted], sample.source.label[pasted])
        assert np.array_equal(mixed.image[pasted], sample.source.image[pasted])
        chosen = np.unique(mixed.label[pasted])
        others = ~np.isin(sample.source.label, [*chosen, IGNORE])
        assert np.array_equal(mixed.image[others], sample.target.image[others])
        assert np.array_equal(mixed.weight[others], sample.valid[others].astype(np.float32))
        assert (mixed.weight[pasted] == 1).all()


def test_mixes_are_those_of_a_real_step(tiny_data):
    cfg = data_config(tiny_data, **MASKED)
    browser = build_browser(cfg)
    first, second = browser.samples(2)
    real = MODELS.build({**cfg.uda, "segmentor": cfg.model.to_dict(), "seed": cfg.seed}).train()
    batch = browser.method.data_preprocessor.batch(collate_samples([browser.dataset[0], browser.dataset[1]]))
    step = real.context(batch, 0)
    for objective in real.objectives.values():
        objective.start = 0
        objective(step)
    for index, sample in enumerate((first, second)):
        for name in ("mixed", "masked"):
            values = {f"{name}_image": step.logs.records[f"{name}_image"][index].numpy()}
            assert np.array_equal(browser.look(values, name).image, getattr(sample, name).image)


def test_masked_crops_hide_blocks_of_the_target(tiny_data):
    for sample in samples(tiny_data, **MASKED):
        hidden = (sample.masked.image == [124, 116, 104]).all(axis=2)  # the mean of the normalisation
        assert 0.2 < hidden.mean() < 0.8
        assert np.array_equal(sample.masked.image[~hidden], sample.target.image[~hidden])


def test_another_seed_draws_other_crops(tiny_data):
    first, second = (samples(tiny_data, seed=seed)[0] for seed in (0, 1))
    assert not np.array_equal(first.source.image, second.source.image)


def test_a_method_without_a_target(tiny_data):
    changes = {"train_dataloader.dataset.target": None, "train_dataloader.dataset.target_crop": None}
    cfg = data_config(tiny_data, **changes, **{"train_dataloader.dataset.crop_pseudo_margins": None})
    cfg.uda = {"type": "SourceOnly"}
    (sample,) = build_browser(cfg).samples(1)
    assert sample.target is sample.valid is sample.mixed is sample.masked is None and len(sample.names) == 1


def test_a_checkpoint_gives_pseudo_labels(tiny_data, tmp_path):
    cfg = data_config(tiny_data)
    method = MODELS.build({**cfg.uda, "segmentor": cfg.model.to_dict()})
    method.init_weights()
    torch.save({"state_dict": method.state_dict()}, tmp_path / "latest.pth")
    (sample,) = build_browser(cfg, checkpoint=tmp_path / "latest.pth").samples(1)
    assert sample.target.label.max() < 19 and sample.target.weight.shape == (64, 64)
    pasted = sample.mixed.label != sample.target.label
    assert np.array_equal(sample.mixed.label[pasted], sample.source.label[pasted])


@pytest.mark.parametrize("valid", [None, torch.tensor([[[1, 0], [1, 1], [1, 1]]], dtype=torch.uint8)])
def test_places_of_unknown_labels_have_the_largest_weight(valid):
    batch = UDABatch(torch.zeros(1, 3, 3, 2), torch.zeros(1, 3, 2, dtype=torch.long), torch.zeros(1, 3, 3, 2), valid, source_classes=(0,))
    teacher = Teacher(network=torch.nn.Identity(), alpha=0.9, stages=[ConfidenceShare(threshold=0.5), IgnoreRows(bottom=1)])
    pseudo = unknown_labels(batch, teacher)
    assert (pseudo.labels == IGNORE).all()
    assert pseudo.weights.tolist() == [[[1, 1 if valid is None else 0], [1, 1], [0, 0]]]


def test_several_sources(tiny_layouts):
    parts = {"gta": ("GTADataset", "labels"), "synthia": ("SynthiaDataset", "GT/LABELS")}
    datasets = [{"type": kind, "data_root": str(tiny_layouts / name), "ann_dir": labels} for name, (kind, labels) in parts.items()]
    cfg = data_config(tiny_layouts)
    cfg.train_dataloader.dataset.source = {"type": "SeveralDatasets", "datasets": datasets}
    names = {sample.names[0] for sample in build_browser(cfg).samples(8)}
    assert {len(name) for name in names} == {len("00001.png"), len("0000000.png")}


def views(**options: object) -> dict:
    """Changes of a config."""
    return {f"train_dataloader.dataset.{key}": value for key, value in options.items()}


def test_strong_views_and_labels_of_an_earlier_stage(tiny_data, tmp_path):
    """They are those of the loader; what a strong view does not show has no label."""
    soft = make_soft(tiny_data / "cityscapes", tmp_path / "soft", size=(8, 16))
    hard = make_hard(tiny_data / "cityscapes", tmp_path / "hard", size=(64, 128))
    plain = samples(tiny_data)[0]
    assert plain.earlier is None and plain.strong is None
    (sample,) = samples(tiny_data, 1, **views(target_soft_labels=str(soft), strong_view={}, target_whole=(128, 64)))
    assert np.array_equal(sample.target.image, plain.target.image) and np.array_equal(sample.earlier.image, plain.target.image)
    assert set(np.unique(sample.earlier.label)) <= {0, 1} and sample.earlier.weight.min() >= 0.49
    cfg = data_config(tiny_data, **views(target_labels=str(hard), strong_view={}))
    browser = build_browser(cfg)
    (sample,) = browser.samples(1)
    target = browser.dataset[0]["target"]
    assert np.array_equal(sample.strong.image, target["strong"].permute(1, 2, 0).numpy())
    assert np.array_equal(sample.earlier.label, target["label"].numpy()) and sample.earlier.weight is None
    hidden = (sample.strong.image == 127).all(axis=2)
    assert (sample.strong.label == IGNORE)[hidden].mean() > 0.9 and set(np.unique(sample.strong.label)) <= {*range(19), IGNORE}
    (sample,) = samples(tiny_data, 1, **views(strong_view={}))
    assert sample.strong.label is None and sample.earlier is None


@pytest.mark.parametrize("name", ["label_shift/gta2cs_fada", "label_shift/gta2cs_cr", "cpsl/gta2cs_stage1", "cpsl/gta2cs_stage2"])
def test_a_method_that_asks_its_networks_for_more(tiny_data, name):
    """The crops are those of its training, normalised as there."""
    cfg = demo(load_config(f"configs/{name}.py"))
    expected = data_config(tiny_data)
    cfg.train_dataloader, cfg.uda["data_preprocessor"] = expected.train_dataloader, {"type": "SegDataPreprocessor", "mean": (0, 0, 0)}
    browser = build_browser(cfg)
    (sample,) = browser.samples(1)
    assert np.array_equal(sample.source.image, browser.dataset[0]["source"]["image"].permute(1, 2, 0).numpy())
    assert browser.method.data_preprocessor.grey_mean == (0, 0, 0) and sample.target is not None and sample.mixed is None
    cfg.uda["lambda_alingn"] = 1.0
    with pytest.raises(UserError, match="got an unexpected option 'lambda_alingn'"):
        build_browser(cfg)


def test_a_stage_and_an_objective_that_ask_for_features(tiny_data):
    """They are built, and the mixes are drawn without them."""
    cfg, expected = demo(load_config("configs/cpsl/gtaHR2csHR_hrda_cpsl.py")), data_config(tiny_data)
    cfg.train_dataloader = expected.train_dataloader
    (sample,) = build_browser(cfg).samples(1)
    assert sample.mixed is not None and "self_labelling" in cfg.uda.objectives
