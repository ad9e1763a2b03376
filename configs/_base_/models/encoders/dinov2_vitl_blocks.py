"""DINOv2 ViT-L/14 (Oquab et al., TMLR 2024), the maps behind four of its blocks, as Rein and SoMA choose them; 304 million parameters."""

_base_ = "shared.py"

model = dict(
    pretrained="pretrained/vit_large_patch14_dinov2.pth",
    # Resized to strides 4, 8, 16 and 32.
    backbone=dict(type="TimmBackbone", name="vit_large_patch14_dinov2", levels=(7, 11, 15, 23)),
    decode_head=dict(in_channels=[1024, 1024, 1024, 1024]),
)
