"""A shrunk config keeps the proportions of the config that it is made of."""

from dataclasses import replace

import pytest
from mmengine.config import Config

from mmseg.config.config import load_config
from mmseg.config.small.config import divided
from mmseg.config.small.shrink import demo, layouts, shrink
from mmseg.experiments import HRDA as TWO_RESOLUTIONS
from mmseg.experiments import Experiment, Masking, resolve
from mmseg.utils.errors import UserError
from tests.config.effects import effects

HRDA = "configs/hrda/gtaHR2csHR_hrda.py"
BOTH_SIZES = pytest.mark.parametrize("make_small", [lambda cfg: shrink(cfg, "demo"), demo], ids=["smoke", "demo"])


def test_full_resolution_hrda_is_divided_by_16():
    cfg = load_config(HRDA)
    small = shrink(cfg, "demo")
    data = small.train_dataloader.dataset
    assert data.source_crop.img_scale == [160, 90] and data.target_crop.crop_size == [64, 64]
    assert data.source.data_root == "demo/gta" and small.val_dataloader.dataset.data_root == "demo/cityscapes"
    assert small.val_dataloader.dataset.test_scale == [128, 64]
    assert data.crop_pseudo_margins == [2, 15, 2, 2]
    assert small.model.hr_crop_size == [32, 32] and small.model.test_cfg.stride == [32, 32]
    assert small.model.decode_head.in_channels == small.model.backbone.embed_dims
    assert small.model.decode_head.decoder_params.fusion_cfg == cfg.model.decode_head.decoder_params.fusion_cfg
    assert "pretrained" not in small.model and small.train_cfg.max_iters == 2
    assert cfg.model.hr_crop_size == (512, 512), "the config itself stays as it is"


def test_half_resolution_is_divided_by_8():
    small = shrink(load_config("configs/daformer/gta2cs_daformer.py"), "demo", iterations=3)
    assert small.train_dataloader.dataset.source_crop.crop_size == [64, 64]
    assert (small.uda.pseudo_weight_ignore_top, small.uda.pseudo_weight_ignore_bottom) == (2, 15)
    assert small.train_cfg.max_iters == small.train_cfg.val_interval == 3


def test_a_demo_config_shows_all_of_its_parts_in_two_iterations():
    small = shrink(load_config("configs/demo/demoHR2demoHR_hrda.py"), "elsewhere")
    assert small.uda.self_training_start == 1, "the second iteration has pseudo-labels"
    hooks = [hook for hook in (*small.default_hooks.values(), *small.custom_hooks) if "interval" in hook]
    assert {hook["interval"] for hook in hooks} == {2}
    assert "demo_data" not in small, "the data of the demo itself would be drawn"


@BOTH_SIZES
@pytest.mark.parametrize("hrda", [None, TWO_RESOLUTIONS(detail_crop=256)], ids=["one", "two"])
@pytest.mark.parametrize("decoder", ["daformer_sepaspp", "daformer_isa", "upernet", "segformer", "dlv2red", "da_nodbn", "dlv3p_nodbn"])
def test_a_default_is_made_small_as_if_the_config_had_named_it(make_small, hrda, decoder):
    encoder = "r101v1c" if decoder in ("dlv2red", "da_nodbn", "dlv3p_nodbn") else "mitb5"
    cfg = resolve(replace(Experiment(), decoder=decoder, encoder=encoder, hrda=hrda, masking=Masking()))
    explicit = Config({**cfg.to_dict(), **effects(cfg.to_dict())})
    assert explicit.uda.mask_generator.mask_block_size == 64 and len(explicit.model.decode_head) > len(cfg.model.decode_head)
    assert effects(make_small(cfg).to_dict()) == effects(make_small(explicit).to_dict())


@pytest.mark.parametrize(
    ("pixels", "divisor", "expected"), [(30, 8, 4), (240, 8, 30), (15, 8, 2), (12, 8, 2), (11, 8, 1), (1, 8, 1), (0, 8, 0)]
)
def test_pixels_are_rounded_half_up_and_do_not_vanish(pixels, divisor, expected):
    assert divided([pixels], divisor) == [expected]


@BOTH_SIZES
def test_layouts_are_those_of_all_data_sets(make_small):
    cfg = load_config(HRDA)
    assert layouts(cfg) == layouts(make_small(cfg)) == ["cityscapes", "gta"]
    cfg.train_dataloader.dataset.source.type = "SynthiaDataset"
    cfg.train_dataloader.dataset.target.type = cfg.val_dataloader.dataset.type = "ACDCDataset"
    assert layouts(cfg) == layouts(make_small(cfg)) == ["acdc", "synthia"]


@BOTH_SIZES
def test_a_batch_has_no_more_parts_than_crops(make_small):
    cfg = load_config("configs/foundation/gta2cs_vfmuda_dinov2_vitl.py")
    small = make_small(cfg)
    assert (cfg.micro_batches, cfg.train_dataloader.batch_size) == (4, 8)
    assert (small.micro_batches, small.train_dataloader.batch_size) == (2, 2)
    assert "micro_batches" not in make_small(load_config(HRDA))


def test_an_encoder_to_imitate_is_as_small():
    cfg = load_config("configs/foundation/gta2cs_vfmuda_plus_dinov2_vitl.py")
    small = shrink(cfg, "demo")
    assert small.uda.feature_distillation == {"name": "test_vit", "pretrained": None, "input_scale": 0.4}
    assert small.model.backbone == {"type": "TimmBackbone", "name": "test_vit", "levels": "adapter", "input_scale": 1.1}
    assert small.model.decode_head.in_channels == [64] * 4
    assert "feature_distillation" not in demo(cfg).uda, "there are no weights to imitate"


@BOTH_SIZES
def test_a_timm_encoder_becomes_a_small_one_that_fits_its_decoder(make_small):
    cfg = load_config(HRDA)
    cfg.model.backbone = {"type": "TimmBackbone", "name": "vit_large_patch14_reg4_dinov2"}
    small = make_small(cfg)
    assert small.model.backbone == {"type": "TimmBackbone", "name": "test_vit"}
    assert small.model.decode_head.in_channels == [16, 32, 64, 64]
    cfg.model.backbone.update(levels=[7, 11, 15, 23], mask_token=True, input_scale=1.1)
    small = make_small(cfg)
    assert small.model.backbone == {**cfg.model.backbone, "name": "test_vit", "levels": [0, 1, 2, 3]}
    assert small.model.decode_head.in_channels == [64, 64, 64, 64]


@BOTH_SIZES
def test_a_resnet_and_its_decoder_agree_on_the_channels(make_small):
    cfg = load_config(HRDA)
    cfg.model.backbone = {"type": "ResNeXt", "depth": 101, "groups": 32, "out_indices": (1, 3), "pretrained": "elsewhere.pth"}
    cfg.model.decode_head.in_index = [0, 1]
    model = make_small(cfg).model
    width = model.backbone.base_channels
    assert model.decode_head.in_channels == [8 * width, 32 * width]
    assert model.backbone == {**model.backbone, "depth": 50, "groups": 2, "stem_channels": width} and "pretrained" not in model.backbone


@BOTH_SIZES
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"model.backbone.type": "MyEncoder"}, "The encoder 'MyEncoder' has no small form for --smoke and --demo. Use one of mit_b0, "),
        (
            {"model.backbone": None},
            "The config has no model.backbone.type, so it has no small form for --smoke and --demo. Add this entry.",
        ),
        (
            {"train_dataloader.dataset.target_crop": None},
            "The config has no train_dataloader.dataset.target_crop, so it has no small form for --smoke and --demo. Add this entry.",
        ),
    ],
)
def test_what_has_no_small_form_is_one_line(make_small, changes, line):
    cfg = load_config(HRDA)
    cfg.merge_from_dict(changes)
    with pytest.raises(UserError) as error:
        make_small(cfg)
    assert str(error.value).startswith(line)


NO_DOMAIN = [
    (
        {"train_dataloader.dataset.source.type": "KITTI"},
        "There is no demo domain for the data set type 'KITTI'. "
        "Use one of GTADataset, SynthiaDataset, CityscapesDataset, ACDCDataset, DarkZurichDataset, BDD100KDataset, MapillaryDataset.",
    ),
    (
        {"val_dataloader.dataset.type": "SegmentationDataset"},
        "There is no demo domain for the data set type 'SegmentationDataset'. Use one of GTADataset, ",
    ),
]


@pytest.mark.parametrize(("changes", "line"), NO_DOMAIN)
def test_a_demo_needs_a_demo_domain_and_a_smoke_test_reads_other_data_where_they_are(changes, line):
    cfg = load_config(HRDA)
    cfg.merge_from_dict(changes)
    with pytest.raises(UserError) as error:
        demo(cfg)
    assert str(error.value).startswith(line)
    (key,) = changes
    place = key.removesuffix(".type")
    roots = [found[place.split(".")[0]]["dataset"] for found in (cfg.to_dict(), shrink(cfg, "elsewhere").to_dict())]
    given, small = (root["source"] if place.endswith("source") else root for root in roots)
    assert small["data_root"] == given["data_root"]
    assert layouts(cfg, own_data=True) == ["cityscapes"] if place.endswith("source") else ["cityscapes", "gta"]


def test_the_size_of_a_smoke_test_follows_the_evaluation():
    """Of images whose size it does not say, it follows the crops."""
    cfg = load_config(HRDA)
    del cfg.val_dataloader.dataset["test_scale"]
    assert shrink(cfg, "demo").train_dataloader.dataset.source_crop.img_scale == [160, 90]
    del cfg.train_dataloader.dataset.source_crop["img_scale"]
    with pytest.raises(UserError, match=r"^The config has no train_dataloader\.dataset\.source_crop\.img_scale, .*Add this entry\.$"):
        shrink(cfg, "demo")


def test_rounds_of_annotation_keep_their_share_of_the_training():
    cfg = load_config("configs/ripu/gta2cs_ripu_pa.py")
    small = shrink(cfg, "demo", iterations=100)
    rounds = small.custom_hooks[3]
    assert rounds.rounds == [25, 30, 35, 40, 45] and rounds.acquisition.radius == 8 and rounds.budget == cfg.custom_hooks[3].budget
    assert shrink(cfg, "demo").custom_hooks[3].rounds == [1], "one round, and one iteration after it"
    assert cfg.custom_hooks[3].acquisition.radius == 32, "the config itself stays as it is"
    cfg.custom_hooks[3].update(size=(1280, 640), acquisition={"type": "RegionImpurity", "radius": 1})
    other = shrink(cfg, "demo").custom_hooks[3]
    assert other["size"] == [160, 80] and other.acquisition.radius == 1


@BOTH_SIZES
def test_adapters_averages_and_parts_of_a_batch_become_small(make_small):
    cfg = load_config("configs/foundation/gta2cs_soma_dinov2_vitl.py")
    small = make_small(cfg)
    assert small.model.backbone.tuning == {"type": "SoMA", "rank": 16, "first_block": 1} and cfg.model.backbone.tuning.first_block == 8
    del cfg.model.backbone.tuning["first_block"]
    assert make_small(cfg).model.backbone.tuning["first_block"] == 1, "its default is 8"
    assert small.micro_batches == small.train_dataloader["batch_size"] == 2
    (hook,) = [hook for hook in small.custom_hooks if hook["type"] == "WeightAverageHook"]
    assert hook["begin"] == 12000 * small.train_cfg.max_iters // 40000


def test_a_round_before_the_first_iteration_stays_there():
    cfg = load_config("configs/ripu/gta2cs_ripu_source_free.py")
    assert shrink(cfg, "demo", iterations=30).custom_hooks[3].rounds == [0, 2, 4, 6, 8]
    assert shrink(cfg, "demo").custom_hooks[3].rounds == [0, 1]
