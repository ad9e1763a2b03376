"""GTA and Synthia together to Cityscapes at half resolution, crops of 512x512.

All files are drawn alike, so GTA more often than Synthia; ``weights`` of the source changes that. The statistics of
rare-class sampling are those of both.
"""

crop_size = (512, 512)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(
            type="SeveralDatasets",
            datasets=[
                dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
                dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
            ],
        ),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        # One scale per source, in their order.
        source_crop=dict(img_scale=[(1280, 720), (1280, 760)], crop_size=crop_size, cat_max_ratio=0.75),
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
