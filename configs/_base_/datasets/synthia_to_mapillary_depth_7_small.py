"""Synthia with its depth to Mapillary Vistas v1.2 as Wu and Liu (NeurIPS 2022) read them at the small size: 640x320, 7 categories.

At the native size of the labels: python tools/test.py CONFIG CHECKPOINT --targets configs/_base_/datasets/mapillary_7_small_val.py
"""

_base_ = "synthia_to_mapillary_depth_7.py"
train_dataloader = dict(
    dataset=dict(
        source_crop=dict(img_scale=(640, 320), crop_size=(320, 640)),
        target_crop=dict(img_scale=(640, 320), crop_size=(320, 640)),
    )
)
val_dataloader = dict(dataset=dict(test_scale=(640, 320)))
