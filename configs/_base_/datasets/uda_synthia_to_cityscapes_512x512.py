"""Synthia to Cityscapes at half resolution, crops of 512x512 (DAFormer).

Synthia shows 16 of the 19 classes. Networks predict all 19; published is the mean IoU over those 16 (``mIoU.16``) or,
with wall, fence and pole left out as well, over 13 (``mIoU.13``). A pixel of terrain, truck or train counts against
the class that is predicted there.
"""

crop_size = (512, 512)
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
        target=dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
        source_crop=dict(img_scale=(1280, 760), crop_size=crop_size, cat_max_ratio=0.75),
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
val_evaluator = dict(
    type="IoUMetric",
    subsets={
        "16": [
            *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "sky"),
            *("person", "rider", "car", "bus", "motorcycle", "bicycle"),
        ],
        "13": [
            *("road", "sidewalk", "building", "traffic light", "traffic sign", "vegetation", "sky"),
            *("person", "rider", "car", "bus", "motorcycle", "bicycle"),
        ],
    },
)
