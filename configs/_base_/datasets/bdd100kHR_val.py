"""Evaluation on the validation split of BDD100K at full resolution."""

_base_ = ["bdd100k_val.py"]
val_dataloader = dict(dataset=dict(test_scale=(2048, 1024)))
