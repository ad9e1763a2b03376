"""Evaluation on the validation split of BDD100K at the size of its images, as Rein and SoMA do in trainings with crops of 512."""

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="BDD100KDataset",
        data_root="data/bdd100k",
        img_dir="images/10k/val",
        ann_dir="labels/sem_seg/masks/val",
        # Whatever the scale of the training.
        test_scale=(1280, 720),
    ),
)
val_evaluator = dict(type="IoUMetric")
