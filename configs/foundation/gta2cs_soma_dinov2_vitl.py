"""Adaptation with a frozen encoder: VFM-UDA's self-training of SoMA's parameters in DINOv2 ViT-L/14, GTA -> Cityscapes.

Command:   python run_experiments.py --config configs/foundation/gta2cs_soma_dinov2_vitl.py
Published: nothing. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).

Student and teacher share the frozen weights, so that a second network costs its decoder and what SoMA adds.
"""

_base_ = "gta2cs_vfmuda_dinov2_vitl.py"
model = dict(backbone=dict(tuning=dict(type="SoMA", rank=16, first_block=8)))
# The rate that SoMA is trained with, half of it in the encoder, whatever the batch.
optim_wrapper = dict(
    optimizer=dict(lr=1e-4), scale_lr_by=None, paramwise_cfg=dict(custom_keys=dict(_delete_=True, backbone=dict(lr_mult=0.5)))
)
