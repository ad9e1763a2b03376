"""Evaluation on the validation split of Mapillary Vistas v1.2 at full resolution."""

_base_ = ["mapillary_val.py"]
val_dataloader = dict(dataset=dict(test_scale=(2048, 1024)))
