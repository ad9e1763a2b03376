"""Cityscapes to ACDC (fog, night, rain and snow).

Measured is the validation split; the published numbers are from the benchmark's test split.
"""

crop_size = (1024, 1024)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution: 1 for HRDA, 0.5 (with crops of 512x512) for DAFormer
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train", ann_dir="gtFine/train"),
        target=dict(type="ACDCDataset", data_root="data/acdc", img_dir="rgb_anon/train"),
        source_crop=dict(full_size=(2048, 1024), cat_max_ratio=0.75),
        target_crop=dict(full_size=(1920, 1080)),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="ACDCDataset", data_root="data/acdc", img_dir="rgb_anon/val", ann_dir="gt/val", full_size=(1920, 1080)),
)
val_evaluator = dict(type="IoUMetric")
