"""The studies of CPSL: published numbers agree with each other, rows change what they are called after, products go to who takes them."""

from statistics import fmean

import pytest

from experiments import STUDIES
from mmseg.apis.launching.rows import row_configs, row_run
from mmseg.config.references import references

WITH_CLASSES = [(number, address) for number in (65, 66) for address, row in STUDIES[number].rows.items() if len(row.also_published) > 9]
ROUNDING = {(66, "2.4"): 0.3}
"""The published row of Synthia after both distillations averages to 58.17, and 57.9 is printed."""
ROWS = [(number, address) for number in (65, 66, 67) for address in STUDIES[number].rows]


def test_which_rows_have_classes():
    assert WITH_CLASSES == [(65, "1.2"), (65, "1.3"), (65, "1.4"), (66, "2.2"), (66, "2.4")]


@pytest.mark.parametrize(("number", "address"), WITH_CLASSES)
def test_the_published_classes_have_the_published_means(number, address):
    """A digit that was copied wrongly shows."""
    row = STUDIES[number].rows[address]
    classes = {name.removeprefix("IoU."): value for name, value in row.also_published.items() if name.startswith("IoU.")}
    assert len(classes) == {65: 19, 66: 16}[number]
    assert fmean(classes.values()) == pytest.approx(row.published.mean, abs=ROUNDING.get((number, address), 0.06))
    if "mIoU.13" in row.also_published:
        thirteen = [value for name, value in classes.items() if name not in ("wall", "fence", "pole")]
        assert fmean(thirteen) == pytest.approx(row.also_published["mIoU.13"], abs=ROUNDING.get((number, address), 0.06))


@pytest.mark.parametrize(("number", "address"), ROWS)
def test_a_row_is_complete(number, address):
    """Every stage has the classes of its data, and takes what it cannot do without from an earlier one."""
    configs = {name: cfg for name, (_, cfg) in row_configs(STUDIES[number].rows[address], seed=0).items()}
    for name, cfg in configs.items():
        assert cfg.model.decode_head.num_classes == len(cfg.val_dataloader.dataset.get("classes") or range(19))
        if cfg.get("command"):
            continue
        data = cfg.train_dataloader.dataset
        if cfg.uda.type == "CPSL":
            assert [*references(cfg.load_from), *references(cfg.uda.prototypes), *references(data.target_soft_labels)] == [
                "stage:warmup/checkpoint",
                "stage:prototypes/prototypes.npz",
                "stage:soft/soft_labels",
            ]
        if cfg.uda.type == "CPSLDistillation":
            before = {"stage2": ("stage1", "labels1"), "stage3": ("stage2", "labels2")}[name]
            assert cfg.uda.distilled_from == f"stage:{before[0]}/checkpoint" and data.target_labels == f"stage:{before[1]}/labels"


def test_stages_start_as_the_published_ones():
    configs = {name: cfg for name, (_, cfg) in row_configs(STUDIES[65].rows["1.4"], seed=0).items()}
    second, third = configs["stage2"], configs["stage3"]
    assert second.model.pretrained == "pretrained/r101_1x_sk0.pth" and "load_from" not in second
    assert second.model.backbone.last_norm and not second.uda.distilled_model.backbone.get("last_norm")
    assert third.load_from == "stage:stage2/checkpoint" and "distilled_model" not in third.uda and third.model.backbone.last_norm
    rates = {name: cfg.optim_wrapper.optimizer.lr for name, cfg in configs.items() if not cfg.get("command")}
    assert rates == {"warmup": 1e-4, "stage1": 1e-4, "stage2": 6e-4, "stage3": 6e-4}
    factors = {name: cfg.optim_wrapper.paramwise_cfg.custom_keys for name, cfg in configs.items() if not cfg.get("command")}
    assert factors["stage1"] == {"decode_head": {"lr_mult": 5.0}, "prototypes": {"lr_mult": 5.0}}
    assert factors["stage2"] == factors["stage3"] == {"decode_head": {"lr_mult": 10.0}, "bn_pretrain": {"lr_mult": 10.0}}
    assert all(cfg.optim_wrapper.paramwise_cfg.published_quirks for cfg in configs.values())
    assert configs["labels1"].command.options == {"flip": True, "threshold": 0.95} == configs["labels2"].command.options


def test_rows_that_are_one_training_are_trained_once():
    stage_1 = row_run(STUDIES[65].rows["1.2"], 0)
    for number, address in ((65, "samples.3"), (67, "tail.2")):
        assert row_run(STUDIES[number].rows[address], 0).digest == stage_1.digest
    for number, address in ROWS:
        run = row_run(STUDIES[number].rows[address], 0)
        if "warmup" in run.stages and number != 66:
            assert run.stages["warmup"].digest == stage_1.stages["warmup"].digest


def test_arms_differ_in_what_they_are_called_after():
    def options(address: str) -> dict:
        (_, cfg) = list(row_configs(STUDIES[67].rows[address], seed=0).values())[-1]
        return {key: value for key, value in cfg.uda.items() if key not in ("type", "prototypes", "data_preprocessor")}

    assert [options(f"tail.{number}") for number in (2, 3, 4, 5)] == [
        {},
        {"sampling": "class"},
        {"marginal": "moving"},
        {"marginal": "uniform"},
    ]
    assert options("tail.1")["temperature"] == 1e6 and not any(options("tail.1")[f"lambda_{term}"] for term in ("contrast", "consistency"))


def test_a_demo_of_the_chain_takes_small_products():
    run = row_run(STUDIES[67].rows["tail.2"], 0, {"demo_data": "data/long_tail"}, demo=True)
    assert {stage.cfg.train_dataloader.dataset.target.data_root for stage in run.stages.values()} == {"data/long_tail/cityscapes"}
    data, uda = run.cfg.train_dataloader.dataset, run.cfg.uda
    assert data.target_whole == [512, 256] and data.target_crop.crop_size == [128, 224]
    assert (uda.samples, uda.memory, uda.alpha, uda.marginal_momentum) == (64, 4096, 0.99, 0.99)
    assert {"head", "tail"} <= set(run.cfg.val_evaluator.subsets)
