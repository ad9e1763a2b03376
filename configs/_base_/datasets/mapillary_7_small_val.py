"""As mapillary_7_val.py, at the small size: 640x320."""

_base_ = "mapillary_7_val.py"
val_dataloader = dict(dataset=dict(test_scale=(640, 320)))
