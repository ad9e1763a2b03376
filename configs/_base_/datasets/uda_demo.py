"""Demo domains (images of 512x256 pixels); see tools/make_demo_data.py."""

crop_size = (256, 256)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution
demo_data = "data/demo"  # drawn by run_experiments.py where missing
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="GTADataset", data_root="data/demo/gta", img_dir="images", ann_dir="labels"),
        target=dict(type="CityscapesDataset", data_root="data/demo/cityscapes", img_dir="leftImg8bit/train"),
        source_crop=dict(full_size=(512, 256), cat_max_ratio=0.75),
        target_crop=dict(full_size=(512, 256)),
        # [top, bottom, left, right]: the ego vehicle's hood gets no pseudo-labels.
        crop_pseudo_margins=[4, 30, 4, 4],
        rare_class_sampling=dict(min_pixels=40, class_temp=0.01, min_crop_ratio=1.0),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CityscapesDataset",
        data_root="data/demo/cityscapes",
        img_dir="leftImg8bit/val",
        ann_dir="gtFine/val",
        full_size=(512, 256),
    ),
)
val_evaluator = dict(type="IoUMetric", subsets=dict(thin=["pole", "traffic light", "traffic sign", "person", "rider", "bicycle"]))
