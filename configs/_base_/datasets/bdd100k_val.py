"""Evaluation on the validation split of BDD100K."""

scale = 1  # share of the full resolution
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="BDD100KDataset",
        data_root="data/bdd100k",
        img_dir="images/10k/val",
        ann_dir="labels/sem_seg/masks/val",
        full_size=(2048, 1024),
    ),
)
val_evaluator = dict(type="IoUMetric")
