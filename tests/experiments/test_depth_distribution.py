"""The studies of depth distribution: published numbers agree with each other, rows change what they are called after, products go on."""

from statistics import fmean

import pytest

from experiments import STUDIES
from mmseg.apis.launching.rows import row_configs, row_run
from mmseg.config.references import references
from mmseg.models.uda.methods.alignment.depth_distribution import DepthDistribution
from mmseg.registry import options_of

ROWS = [(number, address) for number in (75, 76, 77, 78) for address in STUDIES[number].rows]
WITH_CLASSES = [
    (number, address) for number, address in ROWS if any(name.startswith("IoU.") for name in STUDIES[number].rows[address].also_published)
]
NETWORK = "model.depth_head"


def configs(number: int, address: str, seed: int = 0) -> dict:
    return {name: cfg for name, (_, cfg) in row_configs(STUDIES[number].rows[address], seed=seed).items()}


def test_which_rows_have_classes():
    sizes = [f"{size}.{number}" for size in ("small", "full") for number in (1, 2)]
    assert [(75, "2.1"), (75, "2.2"), *((number, address) for number in (76, 77) for address in sizes)] == WITH_CLASSES


@pytest.mark.parametrize(("number", "address"), WITH_CLASSES)
def test_the_published_classes_have_the_published_means(number, address):
    """A digit that was copied wrongly shows; published means are rounded, those of other methods in their own papers."""
    row = STUDIES[number].rows[address]
    classes = {name.removeprefix("IoU."): value for name, value in row.also_published.items() if name.startswith("IoU.")}
    assert len(classes) == (16 if number == 75 else 7)
    assert fmean(classes.values()) == pytest.approx(row.published.mean, abs=0.11)
    if number == 75:
        thirteen = [value for name, value in classes.items() if name not in ("wall", "fence", "pole")]
        assert fmean(thirteen) == pytest.approx(row.also_published["mIoU.13"], abs=0.11)


@pytest.mark.parametrize(("number", "address"), ROWS)
def test_a_row_is_complete(number, address):
    """Every stage has the classes of its data, and takes what it cannot do without from an earlier one."""
    made = configs(number, address)
    for name, cfg in made.items():
        classes = cfg.val_dataloader.dataset.get("classes") or range(7 if cfg.val_dataloader.dataset.get("categories") else 19)
        assert cfg.model.decode_head.num_classes == len(classes)
        if cfg.get("command"):
            continue
        head, data = cfg.model.get("depth_head"), cfg.train_dataloader.dataset
        named = cfg.uda.get("mixtures") or (cfg.uda.get("depth") or {}).get("mixtures")
        assert bool(named) == ("mixtures" in made and name != "selftrain")
        assert not named or [*references(named)] == ["stage:mixtures/mixtures.npz"]
        assert not named or (head.get("density", True) and data.source.depth_dir)
        if name == "selftrain":
            assert cfg.load_from == "stage:adapt/checkpoint" and data.source.ann_dir == "stage:labels/labels"
            assert data.target is None and not data.source.get("depth_dir") and cfg.uda.type == "TargetOnly"


@pytest.mark.parametrize(("number", "address"), ROWS)
def test_a_second_seed_differs_in_its_seed_alone(number, address):
    """Where a change replaces a whole entry, it still does so when the row is asked for again."""
    first, second = configs(number, address, 0), configs(number, address, 1)
    assert [dict(cfg, seed=0) for cfg in second.values()] == [dict(cfg) for cfg in first.values()]


def test_schedules_are_those_of_the_paper():
    """54,000 and 30,000 iterations of 90,000, 10,000 for 7 classes of Cityscapes at full size; one rate for the whole network."""
    lengths = {}
    for number, address in WITH_CLASSES:
        for name, cfg in configs(number, address).items():
            if not cfg.get("command"):
                (schedule,) = cfg.param_scheduler
                assert schedule["end"] == 90001 and cfg.optim_wrapper.optimizer.lr == 2.5e-4 and "paramwise_cfg" not in cfg.optim_wrapper
                assert cfg.train_dataloader.batch_size == 1
                lengths.setdefault(name, set()).add((number, address, cfg.train_cfg.max_iters))
    assert {length for *_, length in lengths["adapt"]} == {54000}
    assert {(number, address) for number, address, length in lengths["selftrain"] if length != 30000} == {(76, "full.2")}


def test_weights_of_the_losses():
    """By the experiments of the released code."""
    found = {}
    for number, address in ((75, "ablation.2"), (76, "full.2"), (76, "small.2"), (77, "full.2"), (77, "small.2")):
        uda = configs(number, address)["adapt"].uda
        options = {key: option.default for key, option in options_of(DepthDistribution).items()} | uda.to_dict()
        assert options["lambda_target"] == options["lambda_adv"]
        found[number, address] = tuple(options[key] for key in ("lambda_depth", "lambda_density", "lambda_target", "lr_D"))
    assert list(found.values()) == [
        (0.005, 0.01, 0.05, 1e-3),
        (0.005, 0.01, 0.05, 1e-3),
        (0.001, 0.01, 0.05, 1e-3),
        (1e-4, 0.005, 0.001, 1e-4),
        (1e-4, 0.005, 0.001, 1e-4),
    ]


def test_pseudo_labels():
    """Confidence 0.9 in both; islands are counted in pixels of the training's images."""
    with_prior, without = (configs(75, address)["labels"].command.options for address in ("ablation.4", "ablation.3"))
    assert with_prior["threshold"] == without["threshold"] == 0.9 and "spatial_prior" not in without
    assert len(with_prior["spatial_prior"]) == 16 and with_prior["spatial_prior_size"] == [1280, 760]
    small = configs(76, "small.2")
    assert small["labels"].command.options["spatial_prior_size"] == [640, 320] and small["mixtures"].command.options["grid"] == [81, 41]


def test_steps_share_what_they_have_in_common():
    """M2 to M4 have one training, AdvEnt has no depth, and the control differs in its mixtures alone."""
    runs = {address: row_run(STUDIES[75].rows[address], 0) for address in ("ablation.2", "ablation.3", "ablation.4", "2.2", "ablation.5")}
    assert runs["ablation.3"].before["adapt"].digest == runs["ablation.4"].before["adapt"].digest == runs["ablation.2"].digest
    assert runs["2.2"].digest == runs["ablation.4"].digest != runs["ablation.3"].digest
    assert runs["ablation.5"].digest != runs["ablation.2"].digest
    (adv_ent,) = configs(75, "2.1").values()
    assert adv_ent.uda.type == "AdvEnt" and adv_ent.model.depth_head is None and not adv_ent.train_dataloader.dataset.source.depth_dir


def test_our_steps():
    """One thing more in each row."""
    steps = {number: configs(78, f"demo.{number}") for number in range(1, 7)}
    last = {number: list(stages.values())[-1] for number, stages in steps.items()}
    assert [cfg.uda.type for cfg in last.values()] == ["SourceOnly", "SourceOnly", "DACS", "DACS", "SourceOnly", "DACS"]
    assert last[1].model.depth_head.density is False and not last[1].uda.get("objectives") and last[1].uda.depth.mixtures is None
    assert "TargetDensity" in str(last[2].uda.objectives)
    assert [["SpatialPrior" in str(last[number].uda.labeling)] for number in (3, 4, 6)] == [[False], [True], [True]]
    assert [bool(stages["mixtures"].command.options.get("shuffle")) for number, stages in steps.items() if number > 1] == [
        *(False, False, False),
        *(True, True),
    ]
    assert all(cfg.train_dataloader.dataset.target_place for cfg in last.values())
