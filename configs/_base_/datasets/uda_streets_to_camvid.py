"""Rendered streets to the photographs of CamVid, both of 480x360 pixels, 11 classes (docs/real_photographs.md)."""

crop_size = (256, 256)  # of training crops, (height, width) in pixels
scale = 1  # share of the full resolution
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(
            type="FolderDataset",
            images="data/streets/streets/images",
            labels="data/streets/streets/labels",
            # In the order of CamVid's ids.
            classes=["sky", "building", "pole", "road", "pavement", "tree", "sign symbol", "fence", "car", "pedestrian", "bicyclist"],
            # Of the 19 train ids of Cityscapes, in their order, from road to bicycle: several are one class here.
            label_suffix="_labelTrainIds.png",
            label_map=[
                *("road", "pavement"),
                *("building", "building", "fence", "pole"),  # building and wall, fence, pole
                *("sign symbol", "sign symbol"),  # traffic light and sign
                *("tree", "tree", "sky"),  # vegetation and terrain, sky
                *("pedestrian", "bicyclist"),  # person and rider
                *("car", "car", "car", "car"),  # car, truck, bus and train
                *("bicyclist", "bicyclist"),  # motorcycle and bicycle
            ],
            ignore=[255],
        ),
        target=dict(type="CamVidDataset", data_root="data/camvid", img_dir="train"),
        source_crop=dict(full_size=(480, 360), cat_max_ratio=0.75),
        target_crop=dict(full_size=(480, 360)),
    ),
)
val_dataloader = dict(
    batch_size=1,  # photographs of several sizes work as well
    num_workers=1,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="CamVidDataset", data_root="data/camvid", img_dir="val", ann_dir="valannot", full_size=(480, 360)),
)
val_evaluator = dict(type="IoUMetric", subsets=dict(thin=["pole", "sign symbol", "fence", "pedestrian", "bicyclist"]))
