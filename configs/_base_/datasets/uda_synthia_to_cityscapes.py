"""Synthia to Cityscapes.

Synthia shows 16 of the 19 classes. Networks predict all 19; published is the mean IoU over those 16 (``mIoU.16``) or,
with wall, fence and pole left out as well, over 13 (``mIoU.13``). A pixel of terrain, truck or train counts against
the class that is predicted there.
"""

crop_size = (1024, 1024)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution: 1 for HRDA, 0.5 (with crops of 512x512) for DAFormer
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        source_crop=dict(full_size=(2560, 1520), cat_max_ratio=0.75),
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
val_evaluator = dict(type="IoUMetric", subsets=["16", "13"])
