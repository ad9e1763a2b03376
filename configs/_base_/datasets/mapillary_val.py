"""Evaluation on the validation split of Mapillary Vistas v1.2 at half resolution, for networks trained at it."""

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="MapillaryDataset",
        data_root="data/mapillary",
        img_dir="validation/images",
        ann_dir="validation/labels",
        test_scale=(1024, 512),
    ),
)
val_evaluator = dict(type="IoUMetric")
