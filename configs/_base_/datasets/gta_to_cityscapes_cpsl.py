"""GTA to Cityscapes as CPSL reads them: crops of 896x512 of images of 1100 to 3300 pixels; GTA in the colours of Cityscapes."""

train_dataloader = dict(
    batch_size=4,  # of source and of target
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        # The published code squeezes GTA to 2048x1024 first and resizes it again: one resize to the same size here.
        source_crop=dict(
            img_scale=(2200, 1100), crop_size=(512, 896), keep_ratio=False, ratio_range=(0.5, 1.5), interpolation="pillow_bilinear"
        ),
        target_crop=dict(
            img_scale=(2200, 1100), crop_size=(512, 896), keep_ratio="width", ratio_range=(0.5, 1.5), interpolation="pillow_bilinear"
        ),
        # Every source image takes mean and deviation of a random target image in CIELAB.
        lab_transfer=True,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CityscapesDataset",
        data_root="data/cityscapes",
        img_dir="leftImg8bit/val",
        ann_dir="gtFine/val",
        test_scale=(2048, 1024),
    ),
)
val_evaluator = dict(
    type="IoUMetric",
    # Classes of more than 4 % of the pixels of the target as the published warm-up predicts it, and of less than 0.5 %.
    subsets=dict(
        head=["road", "sidewalk", "building", "vegetation", "sky", "car"],
        tail=["traffic light", "traffic sign", "rider", "truck", "bus", "train", "motorcycle", "bicycle"],
    ),
)
