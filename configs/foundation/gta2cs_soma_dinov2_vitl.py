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
    optimizer=dict(lr=1e-4, weight_decay=0.05),
    scale_lr_by=None,
    paramwise_cfg=dict(custom_keys=dict(_delete_=True, backbone=dict(lr_mult=0.5))),
)
# The schedule of VFM-UDA, and SoMA's weight decay: from 0.05 to 0.00001 by half a cosine.
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-3, begin=0, end=1501, by_epoch=False),
    dict(type="ConstantLR", factor=0.9625, begin=1500, end=1000000000, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=1500, by_epoch=False),
    dict(type="CosineAnnealingParamScheduler", param_name="weight_decay", eta_min_ratio=0.0002, begin=0, by_epoch=False),
]
custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # Evaluated and kept is the moving average of the student's weights, from there on; the teacher has its own.
    dict(type="WeightAverageHook", begin=12000),
]
# Checkpoints hold the SHA-256 of what is frozen, and not its weights.
default_hooks = dict(checkpoint=dict(weights="trainable"))
