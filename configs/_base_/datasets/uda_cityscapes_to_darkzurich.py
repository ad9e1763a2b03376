"""Cityscapes to Dark Zurich (night); images are as large as those of ACDC.

Measured is the validation split; the published numbers are from the benchmark's test split.
"""

_base_ = ["uda_cityscapes_to_acdc.py"]
data_root = "data/dark_zurich"
train_dataloader = dict(dataset=dict(target=dict(type="DarkZurichDataset", data_root=data_root, img_dir="rgb_anon/train/night")))
val_dataloader = dict(dataset=dict(type="DarkZurichDataset", data_root=data_root))
