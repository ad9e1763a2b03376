"""GTA alone, measured on Cityscapes: domain generalisation. As in all published runs of it, images are distorted."""

crop_size = (1024, 1024)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution: 1 for HRDA, 0.5 (with crops of 512x512) for DAFormer
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
        source_crop=dict(full_size=(2560, 1440), cat_max_ratio=0.75, photo_metric_distortion=True),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/val", ann_dir="gtFine/val", full_size=(2048, 1024)
    ),
)
val_evaluator = dict(type="IoUMetric")
