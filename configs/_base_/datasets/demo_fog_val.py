"""Evaluation on unseen demo streets: python tools/make_demo_data.py --layout fog"""

_base_ = ["demo_night_val.py"]
val_dataloader = dict(dataset=dict(data_root="data/demo/fog"))
