"""Synthia with its depth to Cityscapes as Wu and Liu (NeurIPS 2022) read them at the small size: 640x320, 7 categories."""

_base_ = "synthia_to_cityscapes_depth_7.py"
train_dataloader = dict(
    dataset=dict(
        source_crop=dict(img_scale=(640, 320), crop_size=(320, 640)),
        target_crop=dict(img_scale=(640, 320), crop_size=(320, 640)),
    )
)
val_dataloader = dict(dataset=dict(test_scale=(640, 320)))
