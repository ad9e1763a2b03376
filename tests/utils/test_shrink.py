"""A shrunk config keeps the proportions of the config that it is made of."""

from mmseg.utils.config import load_config
from mmseg.utils.shrink import shrink


def test_full_resolution_hrda_is_divided_by_16():
    cfg = load_config("configs/hrda/gtaHR2csHR_hrda.py")
    small = shrink(cfg, "demo")
    data = small.train_dataloader.dataset
    assert data.source_crop.img_scale == [160, 90] and data.target_crop.crop_size == [64, 64]
    assert data.source.data_root == "demo/gta" and small.val_dataloader.dataset.data_root == "demo/cityscapes"
    assert small.val_dataloader.dataset.test_scale == [128, 64]
    assert data.crop_pseudo_margins == [2, 15, 2, 2]
    assert small.model.hr_crop_size == [32, 32] and small.model.test_cfg.stride == [32, 32]
    assert small.model.decode_head.in_channels == small.model.backbone.embed_dims
    assert small.model.decode_head.decoder_params.fusion_cfg == cfg.model.decode_head.decoder_params.fusion_cfg
    assert small.model.pretrained is None and small.train_cfg.max_iters == 2
    assert cfg.model.hr_crop_size == (512, 512), "the config itself stays as it is"


def test_half_resolution_is_divided_by_8():
    small = shrink(load_config("configs/daformer/gta2cs_daformer.py"), "demo", iterations=3)
    assert small.train_dataloader.dataset.source_crop.crop_size == [64, 64]
    assert (small.uda.pseudo_weight_ignore_top, small.uda.pseudo_weight_ignore_bottom) == (2, 15)
    assert small.train_cfg.max_iters == small.train_cfg.val_interval == 3
