"""Cityscapes to ACDC at full resolution, crops of 1024x1024 (HRDA)."""

_base_ = ["uda_cityscapes_to_acdc_512x512.py"]
crop_size = (1024, 1024)
train_dataloader = dict(
    dataset=dict(
        source_crop=dict(img_scale=(2048, 1024), crop_size=crop_size),
        target_crop=dict(img_scale=(1920, 1080), crop_size=crop_size),
    ),
)
val_dataloader = dict(dataset=dict(test_scale=(1920, 1080)))
