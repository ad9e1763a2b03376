"""GTA to Cityscapes at half resolution, crops of 512x512 (DAFormer)."""

crop_size = (512, 512)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        source_crop=dict(img_scale=(1280, 720), crop_size=crop_size, cat_max_ratio=0.75),
        target_crop=dict(img_scale=(1024, 512), crop_size=crop_size),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/val", ann_dir="gtFine/val", test_scale=(1024, 512)
    ),
)
val_evaluator = dict(type="IoUMetric")
