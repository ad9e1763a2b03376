"""Published trainings shrunken to the demo domains are the trainings of configs/demo."""

import json
from typing import Any

import pytest
from mmengine.config import Config

from mmseg.config.checks import HELPERS
from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.config.small.shrink import demo, demo_image_size
from mmseg.datasets.classes.names import CLASSES
from tests.config.effects import effects
from tests.config.legacy.published_form import published

HRDA, DEMO_HRDA = "configs/hrda/gtaHR2csHR_hrda.py", "configs/demo/demoHR2demoHR_hrda.py"
DAFORMER, DEMO_DAFORMER = "configs/daformer/gta2cs_daformer.py", "configs/demo/demo2demo_daformer.py"

TRAINING = "dacs_a999_fdthings_rcs001"
DECODER = "daformer_sepaspp_sl_mitb5_poly10warm_s0"
SLIDING = {"mode": "slide", "batched_slide": True, "stride": [64, 64], "crop_size": [128, 128]}
FULL_CROP = {"img_scale": (512, 256), "crop_size": (256, 256)}
DETAIL = {
    "source_crop": FULL_CROP,
    "target_crop": FULL_CROP,
    "crop_pseudo_margins": [4, 30, 4, 4],
    "rare_class_sampling": {"min_pixels": 40, "class_temp": 0.01, "min_crop_ratio": 1.0},
    "sync_crop_size": (128, 128),
}
ROWS = {
    f"40-gtaHR2csHR_1024x1024_{TRAINING}-20_cpl2_hrda1-512-01_{DECODER}": (DEMO_HRDA, {}),
    f"44-gtaHR2csHR_1024x1024_{TRAINING}-20_cpl2_hrda1-512-0_{DECODER}": (DEMO_HRDA, {"model": {"decode_head": {"hr_loss_weight": 0.0}}}),
    f"44-gtaHR2csHR_1024x1024_{TRAINING}-20_cpl2_hrda1-512-0-nooverlap_{DECODER}": (
        DEMO_HRDA,
        {"model": {"hr_slide_overlapping": False, "decode_head": {"hr_loss_weight": 0.0}}},
    ),
    f"44-gtaHR2csHR_1024x1024_{TRAINING}-20_cpl2_hrda1-512-0-fixedatt-nooverlap_{DECODER}": (
        DEMO_HRDA,
        {"model": {"hr_slide_overlapping": False, "decode_head": {"hr_loss_weight": 0.0, "fixed_attention": 0.5}}},
    ),
    f"42-gta2cs_{TRAINING}_cpl2_{DECODER}": (DEMO_DAFORMER, {"model": {"test_cfg": SLIDING}}),
    f"42-gtaHR2csHR_1024x1024_{TRAINING}-20_sf512x512_cpl2_{DECODER}": (
        DEMO_DAFORMER,
        {
            "model": {"test_cfg": SLIDING},
            "train_dataloader": {"dataset": DETAIL},
            "val_dataloader": {"dataset": {"test_scale": (512, 256)}},
        },
    ),
}
"""Table 7 of HRDA: (demo config, what a row changes in it) by the published run. The last two are context and detail alone."""


def changed(path: str, changes: dict) -> Config:
    """A config with some entries merged into it, as a file that inherits would have it."""
    cfg = load_config(path)
    cfg.merge_from_dict(changes)
    return cfg


def content(cfg: Config) -> dict[str, Any]:
    """All that a config says, as plain lists and dictionaries."""
    return json.loads(json.dumps({key: value for key, value in cfg.to_dict().items() if key not in HELPERS}))


def in_effect(cfg: Config) -> dict[str, Any]:
    """The same with defaults filled in: published configs say more than ours."""
    return {**content(cfg), **json.loads(json.dumps(effects(cfg.to_dict())))}


def assert_same(small: Config, expected: Config) -> None:
    assert content(small) == content(expected)
    assert digest(small) == digest(expected)


@pytest.mark.parametrize("name", ROWS)
def test_a_published_row_is_a_demo_config(name, tmp_path):
    runs = dict(published())
    if not runs:
        pytest.skip("no experiments/*.json (set MMSEG_REFERENCE to the folder of reference records)")
    (tmp_path / "published.json").write_text(json.dumps(runs[name]))
    assert in_effect(demo(load_config(tmp_path / "published.json"))) == in_effect(changed(*ROWS[name]))


def test_hrda_is_the_demo_config_and_stays_it():
    cfg = load_config(HRDA)
    assert_same(demo(cfg), load_config(DEMO_HRDA))
    assert_same(demo(demo(cfg)), load_config(DEMO_HRDA))
    assert cfg.model.hr_crop_size == (512, 512) and cfg.uda.imnet_feature_dist_lambda == 0.005, "the config itself stays as it is"


def test_daformer_ignores_rows_where_the_demo_config_ignores_margins():
    rows = {"pseudo_weight_ignore_top": 2, "pseudo_weight_ignore_bottom": 15}
    expected = changed(DEMO_DAFORMER, {"uda": rows})
    del expected.train_dataloader.dataset["crop_pseudo_margins"]
    assert_same(demo(load_config(DAFORMER)), expected)


@pytest.mark.parametrize(("method", "file"), [("SourceOnly", "demoHR_source_only"), ("TargetOnly", "demoHR_target_only")])
def test_supervised_hrda_is_the_demo_config_without_adaptation(method, file):
    cfg = changed(HRDA, {"uda": {"_delete_": True, "type": method}})
    cfg.train_dataloader.dataset.update(target=None, target_crop=None, crop_pseudo_margins=None)
    if method == "TargetOnly":
        folders = {"img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"}
        cfg.train_dataloader.dataset.source = {"type": "CityscapesDataset", "data_root": "data/cityscapes", **folders}
    assert_same(demo(cfg), load_config(f"configs/demo/{file}.py"))


@pytest.mark.parametrize(
    ("published_size", "size"),
    [
        *[(scale, [512, 256]) for scale in [(2560, 1440), (2560, 1520), (2048, 1024), (1920, 1080)]],
        *[(scale, [256, 128]) for scale in [(1280, 720), (1280, 760), (1024, 512), (960, 540)]],
    ],
)
def test_every_full_and_half_resolution_has_its_demo_image(published_size, size):
    assert demo_image_size(published_size, full=(512, 256)) == size


def test_dacs_keeps_masking_and_loses_the_published_teacher():
    masking = {
        "mask_mode": "separatetrgaug",
        "mask_lambda": 1.0,
        "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 64},
    }
    uda = demo(changed(HRDA, {"uda": masking})).uda
    assert uda.mask_mode == "separatetrgaug" and uda.mask_generator.mask_block_size == 16 and uda.alpha == 0.99
    assert "mask_lambda" not in uda, "a default says nothing"
    assert digest(demo(changed(HRDA, {"uda": {"alpha": 0.99}}))) == digest(demo(load_config(HRDA)))


def test_adversarial_training_keeps_its_options_and_takes_the_optimizer_of_the_demo():
    advseg = {
        "type": "AdvSeg",
        "discriminator_type": "LS",
        "lr_D": 1e-4,
        "lambda_adv_target": {"main": 1e-3},
    }
    cfg = changed(HRDA, {"uda": {"_delete_": True, **advseg}})
    cfg.optim_wrapper.optimizer = {"type": "SGD", "lr": 2.5e-3}
    small, base = demo(cfg), load_config(DEMO_HRDA)
    assert small.uda == {**advseg, "source_class_weight": base.uda.source_class_weight}
    assert small.optim_wrapper == base.optim_wrapper


def test_a_training_without_warm_up_has_none():
    cfg = load_config(HRDA)
    cfg.param_scheduler = cfg.param_scheduler[1:]
    assert demo(cfg).param_scheduler == load_config(DEMO_HRDA).param_scheduler[1:]


def test_a_crop_that_exceeds_its_image_is_still_padded():
    small = demo(changed(DAFORMER, {"train_dataloader.dataset.source_crop.crop_size": (1024, 1024), "seed": 3}))
    assert small.train_dataloader.dataset.source_crop.pad and "pad" not in small.train_dataloader.dataset.target_crop
    assert small.seed == 3


def test_subsets_of_classes_that_a_study_reports_are_kept():
    subsets = demo(changed(HRDA, {"val_evaluator": {"subsets": {"13": ["road", "car"]}}})).val_evaluator.subsets
    assert set(subsets) == {"thin", "13"}


def test_the_demo_can_lie_in_another_folder():
    """A config of the demo as well as a row of a study, with every data set in it."""
    cfg = load_config(DEMO_HRDA, {"demo_data": "data/other"})
    text, before = cfg.dump(), load_config(DEMO_HRDA).dump()
    assert "data/demo" not in text and text == before.replace("data/demo", "data/other")
    assert digest(cfg) != digest(load_config(DEMO_HRDA))


@pytest.mark.parametrize("path", [HRDA, DEMO_HRDA])
def test_another_length_keeps_all_shares_of_the_training(path):
    """Warm-up ends after 10 % and evaluations come every 20 %, as in the 2,000 iterations of the demo configs."""
    long, short = load_config(DEMO_HRDA), demo(load_config(path), 1000)
    assert short.train_cfg == {**long.train_cfg, "max_iters": 1000, "val_interval": 200}
    assert [(single.begin, single.end) for single in short.param_scheduler] == [(0, 101), (0, 1001)]
    assert short.uda.self_training_start == long.uda.self_training_start // 2 > 0


def test_starts_and_rounds_keep_their_shares_of_another_length():
    stages = demo(load_config("configs/cpsl/gtaHR2csHR_hrda_cpsl.py"), 1000).uda.labeling
    assert stages[0].start == 50, "2,000 of 40,000"
    hooks = demo(load_config("configs/ripu/gta2cs_ripu_ra.py"), 1000).custom_hooks
    assert hooks[-1].rounds == [250, 300, 350, 400, 450], "10,000 to 18,000 of 40,000"


def test_what_a_file_would_bring_is_left_out():
    """Frozen batch norm keeps the statistics of a file that a demo does not have; τ is the demo's."""
    assert "norm_cfg" not in demo(load_config("configs/label_shift/gta2cs_source.py")).model.backbone
    corrected = demo(load_config("configs/label_shift/gtaHR2csHR_hrda_prior.py")).uda
    assert [stage.get("threshold") for stage in corrected.labeling] == [None, 0.95] and "pseudo_threshold" not in corrected


def test_weights_of_classes_follow_their_names():
    """With the 16 classes of Synthia, the weights of terrain, truck and train are left out."""
    weights = demo(load_config("configs/label_shift/syn2cs_source.py")).uda.source_class_weight
    full = load_config(DEMO_HRDA).uda.source_class_weight
    assert weights == [weight for name, weight in zip(CLASSES, full, strict=True) if name not in ("terrain", "truck", "train")]


def test_whole_target_images_are_of_the_demo():
    """As large as the images that crops are cut from."""
    given = {"target_whole": (2048, 1024), "strong_view": {"strength": 9}}
    dataset = demo(changed(HRDA, {"train_dataloader": {"dataset": given}})).train_dataloader.dataset
    assert list(dataset.target_whole) == list(demo(load_config(HRDA)).val_dataloader.dataset.test_scale)
    assert dataset.strong_view == {"strength": 9}
