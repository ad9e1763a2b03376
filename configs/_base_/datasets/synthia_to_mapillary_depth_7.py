"""Synthia with its depth to Mapillary Vistas v1.2 as Wu and Liu (NeurIPS 2022) read them: 7 categories, from raw ids.

Images of Mapillary fit into 1280x760, and what they leave of it is black and has no label. The published numbers are measured at this
padded size, and so is the validation of a training; at the native size of the labels:
python tools/test.py CONFIG CHECKPOINT --targets configs/_base_/datasets/mapillary_7_val.py
"""

_base_ = "synthia_to_cityscapes_depth_7.py"
train_dataloader = dict(
    dataset=dict(
        target=dict(type="MapillaryDataset", data_root="data/mapillary", img_dir="training/images"),
        target_crop=dict(keep_ratio="fit", pad="black"),
    )
)
val_dataloader = dict(
    dataset=dict(
        type="MapillaryDataset",
        data_root="data/mapillary",
        img_dir="validation/images",
        ann_dir="validation/labels",
        test_keep_ratio="pad",
    )
)
