"""Synthia to Cityscapes as RIPU reads them: source images squeezed to 1280x720, target and test images of 1024x512, 16 classes."""

_base_ = "synthia_to_cityscapes_fada.py"
train_dataloader = dict(
    batch_size=2,  # of source and of target
    dataset=dict(
        source_crop=dict(img_scale=(1280, 720), crop_size=(720, 1280), color_jitter=None),
        target=dict(ann_dir="gtFine/train"),  # for the oracle alone: a sample of the training has none of it
        class_aware_sampling=dict(draws=125_000),
    ),
)
