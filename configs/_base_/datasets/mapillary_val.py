"""Evaluation on the validation split of Mapillary Vistas v1.2."""

scale = 1  # share of the full resolution
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="MapillaryDataset",
        data_root="data/mapillary",
        img_dir="validation/images",
        ann_dir="validation/labels",
        full_size=(2048, 1024),
    ),
)
val_evaluator = dict(type="IoUMetric")
