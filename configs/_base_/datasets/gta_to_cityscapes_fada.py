"""GTA to Cityscapes as FADA reads them: whole images of exact sizes, Pillow's bicubic filter, colour jitter, class-aware sampling."""

train_dataloader = dict(
    batch_size=4,  # of source and of target; the published training had one of each on each of four GPUs
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        source_crop=dict(
            img_scale=(1280, 720),
            crop_size=(720, 1280),
            keep_ratio=False,
            interpolation="bicubic",
            flip_prob=0.0,
            color_jitter=(0.5, 0.5, 0.5, 0.2),
        ),
        target_crop=dict(img_scale=(1024, 512), crop_size=(512, 1024), keep_ratio=False, interpolation="bicubic", flip_prob=0.0),
        class_aware_sampling=dict(draws=500_000),
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
        test_scale=(1024, 512),
        test_interpolation="bicubic",
    ),
)
val_evaluator = dict(type="IoUMetric", unseen="zero")  # a class that is nowhere counts as 0
