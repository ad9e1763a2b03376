"""ConvNeXt-T taught by an adapted DINOv2 ViT-L/14, GTA -> Cityscapes: 28.1 million parameters in the place of 308.

Command:   python run_experiments.py --config configs/foundation/gta2cs_distilled_convnext_tiny.py
           with --cfg-options uda.distilled_from=RUN, the folder of the teacher.
Published: nothing. Not trained by us.
Needs:     what gta2cs_distilled_lite0.py needs, with pretrained/convnext_tiny.pth: weights of timm's convnext_tiny (docs/encoders.md)
"""

_base_ = ["gta2cs_distilled_lite0.py"]

model = dict(
    pretrained="pretrained/convnext_tiny.pth",
    # It has no batch statistics.
    backbone=dict(_delete_=True, type="TimmBackbone", name="convnext_tiny"),
    decode_head=dict(in_channels=[96, 192, 384, 768]),
)
