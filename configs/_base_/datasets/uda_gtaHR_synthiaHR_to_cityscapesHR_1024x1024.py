"""GTA and Synthia together to Cityscapes at full resolution, crops of 1024x1024."""

_base_ = ["uda_gta_synthia_to_cityscapes_512x512.py"]
crop_size = (1024, 1024)
train_dataloader = dict(
    dataset=dict(
        # One scale per source, in their order.
        source_crop=dict(img_scale=[(2560, 1440), (2560, 1520)], crop_size=crop_size),
        target_crop=dict(img_scale=(2048, 1024), crop_size=crop_size),
    ),
)
val_dataloader = dict(dataset=dict(test_scale=(2048, 1024)))
