"""Synthia with its depth to Cityscapes as Wu and Liu (NeurIPS 2022) read them: whole images of 1280x760, 16 classes.

Images are squeezed into this size, Cityscapes also where it is evaluated; predictions are measured at the size of the labels.
"""

_classes = [
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "sky", "person", "rider"),
    *("car", "bus", "motorcycle", "bicycle"),
]
train_dataloader = dict(
    batch_size=1,  # of source and of target
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(
            type="SynthiaDataset",
            data_root="data/synthia",
            img_dir="RGB",
            ann_dir="GT/LABELS",
            depth_dir="Depth/Depth",
            classes=_classes,
        ),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train", classes=_classes),
        source_crop=dict(img_scale=(1280, 760), crop_size=(760, 1280), keep_ratio=False, interpolation="bicubic", flip_prob=0.0),
        target_crop=dict(img_scale=(1280, 760), crop_size=(760, 1280), keep_ratio=False, interpolation="bicubic", flip_prob=0.0),
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
        classes=_classes,
        test_scale=(1280, 760),
        test_keep_ratio=False,
        test_interpolation="bicubic",
    ),
)
val_evaluator = dict(type="IoUMetric", subsets=["13"])
