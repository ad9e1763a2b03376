"""The recipe of VFM-UDA with DINOv3 ViT-L/16, GTA -> Cityscapes: our own combination.

Command:   python run_experiments.py --config configs/foundation/gta2cs_vfmuda_dinov3_vitl.py
Published: nothing; Rein-A reports 79.0 with this encoder. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/vit_large_patch16_dinov3.pth, which Meta hands out to those
           who accept its licence (docs/encoders.md).

gta2cs_vfmuda_dinov2_vitb.py explains every setting.
"""

_base_ = "gta2cs_vfmuda_dinov2_vitl.py"
model = dict(
    pretrained="pretrained/vit_large_patch16_dinov3.pth",
    # A crop of 1,024 pixels is enlarged to 1,280: 80x80 tokens of 16 pixels, as many as DINOv2 gets.
    backbone=dict(name="vit_large_patch16_dinov3", input_scale=1.25),
)
