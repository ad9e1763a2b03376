"""Cityscapes to Dark Zurich (night) at half resolution, crops of 512x512 (DAFormer).

Measured is the validation split; the published numbers are from the benchmark's test split.
"""

crop_size = (512, 512)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train", ann_dir="gtFine/train"),
        target=dict(type="DarkZurichDataset", data_root="data/dark_zurich", img_dir="rgb_anon/train/night"),
        source_crop=dict(img_scale=(1024, 512), crop_size=crop_size, cat_max_ratio=0.75),
        target_crop=dict(img_scale=(960, 540), crop_size=crop_size),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="DarkZurichDataset", data_root="data/dark_zurich", img_dir="rgb_anon/val", ann_dir="gt/val", test_scale=(960, 540)),
)
val_evaluator = dict(type="IoUMetric")
