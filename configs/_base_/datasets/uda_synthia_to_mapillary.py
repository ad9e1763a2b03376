"""Synthia to Mapillary Vistas v1.2.

Networks predict all 19 classes, of which Synthia shows 16; measured are the means over these 16 (``mIoU.16``) and over
13 of them (``mIoU.13``), and over the 7 categories that the 19 classes unite to (``mIoU.7``). Published work on this pair
has 7 outputs and draws borders between the categories elsewhere (curbs, terrain), so its numbers are not comparable.
The images of Mapillary have many sizes: each is resized to fit into the scale, and predictions are measured at the label's
own size.
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
        target=dict(type="MapillaryDataset", data_root="data/mapillary", img_dir="training/images"),
        source_crop=dict(full_size=(2560, 1520), cat_max_ratio=0.75),
        # Padded, because panoramas are more than twice as wide as high.
        target_crop=dict(full_size=(2048, 1024), pad=True),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="MapillaryDataset",
        data_root="data/mapillary",
        img_dir="validation/images",
        ann_dir="validation/labels",
        full_size=(2048, 1024),
    ),
)
val_evaluator = dict(type="IoUMetric", subsets=["16", "13", "7"])
