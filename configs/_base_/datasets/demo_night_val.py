"""Evaluation on unseen demo streets: python tools/make_demo_data.py --layout night"""

val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CityscapesDataset",
        data_root="data/demo/night",
        img_dir="leftImg8bit/val",
        ann_dir="gtFine/val",
        test_scale=(512, 256),
    ),
)
val_evaluator = dict(type="IoUMetric")
