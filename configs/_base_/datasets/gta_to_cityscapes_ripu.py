"""GTA to Cityscapes as RIPU reads them: as FADA, but larger target images, no colour jitter, and another length of the source list."""

_base_ = "gta_to_cityscapes_fada.py"
train_dataloader = dict(
    batch_size=2,  # of source and of target
    dataset=dict(
        source_crop=dict(color_jitter=None),
        target=dict(ann_dir="gtFine/train"),  # for the oracle alone: a sample of the training has none of it
        target_crop=dict(img_scale=(1280, 640), crop_size=(640, 1280)),
        class_aware_sampling=dict(draws=125_000),
    ),
)
val_dataloader = dict(dataset=dict(test_scale=(1280, 640)))
