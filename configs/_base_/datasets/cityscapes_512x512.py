"""Cityscapes with its labels at half resolution, crops of 512x512: the oracle (DAFormer).

The labelled training split takes the place of the source. As in all published supervised runs, images are distorted.
"""

crop_size = (512, 512)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train", ann_dir="gtFine/train"),
        source_crop=dict(img_scale=(1024, 512), crop_size=crop_size, cat_max_ratio=0.75, photo_metric_distortion=True),
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
