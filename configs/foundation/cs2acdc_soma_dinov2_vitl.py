"""Adaptation with a frozen encoder: self-training of SoMA's parameters in DINOv2 ViT-L/14, Cityscapes -> ACDC.

Command:   python run_experiments.py --config configs/foundation/cs2acdc_soma_dinov2_vitl.py
Published: nothing. Without adaptation, SoMA has 78.75 mIoU and Rein 77.6 on the test split, which only the benchmark's server evaluates
           (ours is the validation split). Not trained by us.
Needs:     data/cityscapes and data/acdc (README, section Data) and pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).

gta2cs_vfmuda_dinov2_vitb.py and gta2cs_soma_dinov2_vitl.py explain every setting.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/light_dinov2_vitb.py",
    "../_base_/datasets/uda_cityscapes_to_acdc.py",
    "../_base_/uda/dacs_vfm.py",
    "../_base_/schedules/adamw_vfm_40k.py",
]

precision = "fp16"
micro_batches = 4
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        source_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        target_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        # No margins without pseudo-labels: those of the other config are those of Cityscapes as the target.
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.05, min_crop_ratio=2.0, crop_tries=20),
    ),
)
model = dict(
    pretrained="pretrained/vit_large_patch14_dinov2.pth",
    backbone=dict(name="vit_large_patch14_dinov2", mask_token=True, tuning=dict(type="SoMA", rank=16, first_block=8)),
    decode_head=dict(in_channels=1024),
)
optim_wrapper = dict(
    optimizer=dict(lr=1e-4, weight_decay=0.05),
    scale_lr_by=None,
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.5))),
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
    dict(type="WeightAverageHook", begin=20000),
]
default_hooks = dict(checkpoint=dict(weights="trainable"))
