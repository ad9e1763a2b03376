"""DINOv2 ViT-L/14 (Oquab et al., TMLR 2024), the maps behind four of its blocks, as Rein and SoMA choose them; 304 million parameters."""

_base_ = "shared.py"

model = dict(
    pretrained="pretrained/vit_large_patch14_dinov2.pth",
    # Resized to strides 4, 8, 16 and 32. Patches of 14 pixels become 16, the grid of positions 32x32.
    backbone=dict(type="TimmBackbone", name="vit_large_patch14_dinov2", levels=(7, 11, 15, 23), patch_size=16, img_size=(512, 512)),
    decode_head=dict(in_channels=[1024, 1024, 1024, 1024]),
)
