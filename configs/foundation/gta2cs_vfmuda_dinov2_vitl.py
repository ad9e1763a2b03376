"""VFM-UDA with DINOv2 ViT-L/14, GTA -> Cityscapes (Englert et al., arXiv 2406.09896).

Command:   python run_experiments.py --config configs/foundation/gta2cs_vfmuda_dinov2_vitl.py
Published: 79.0 mIoU (78.4 when its authors trained it again); 20 hours on 4 A100. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).

gta2cs_vfmuda_dinov2_vitb.py explains every setting.
"""

_base_ = "gta2cs_vfmuda_dinov2_vitb.py"
model = dict(
    pretrained="pretrained/vit_large_patch14_dinov2.pth",
    backbone=dict(name="vit_large_patch14_dinov2"),
    decode_head=dict(in_channels=1024),
)
