"""Synthia to Mapillary Vistas v1.2 at full resolution, crops of 1024x1024."""

_base_ = ["uda_synthia_to_mapillary_512x512.py"]
crop_size = (1024, 1024)
train_dataloader = dict(
    dataset=dict(
        source_crop=dict(img_scale=(2560, 1520), crop_size=crop_size),
        target_crop=dict(img_scale=(2048, 1024), crop_size=crop_size),
    ),
)
val_dataloader = dict(dataset=dict(test_scale=(2048, 1024)))
