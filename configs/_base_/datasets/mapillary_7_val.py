"""Evaluation on the validation split of Mapillary Vistas v1.2 in 7 categories, at the native size of the labels.

For networks of synthia_to_mapillary_depth_7.py, whose published numbers are measured at a padded input of 1280x760 instead.
"""

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="MapillaryDataset",
        data_root="data/mapillary",
        img_dir="validation/images",
        ann_dir="validation/labels",
        categories=True,
        test_scale=(1280, 760),
        test_keep_ratio="fit",
        test_interpolation="bicubic",
    ),
)
val_evaluator = dict(type="IoUMetric")
