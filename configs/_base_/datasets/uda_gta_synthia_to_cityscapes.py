"""GTA and Synthia together to Cityscapes.

All files are drawn alike, so GTA more often than Synthia; ``weights`` of the source changes that. The statistics of
rare-class sampling are those of both.
"""

crop_size = (1024, 1024)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution: 1 for HRDA, 0.5 (with crops of 512x512) for DAFormer
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
        # One size per source, in their order.
        source_crop=dict(full_size=[(2560, 1440), (2560, 1520)], cat_max_ratio=0.75),
        target_crop=dict(full_size=(2048, 1024)),
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
