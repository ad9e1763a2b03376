"""Evaluation on the validation split of BDD100K at half resolution, for networks trained at it."""

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="BDD100KDataset",
        data_root="data/bdd100k",
        img_dir="images/10k/val",
        ann_dir="labels/sem_seg/masks/val",
        test_scale=(1024, 512),
    ),
)
val_evaluator = dict(type="IoUMetric")
