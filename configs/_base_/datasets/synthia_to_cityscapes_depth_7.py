"""Synthia with its depth to Cityscapes as Wu and Liu (NeurIPS 2022) read them: 7 categories, from raw ids."""

_base_ = "synthia_to_cityscapes_depth.py"
train_dataloader = dict(
    dataset=dict(
        source=dict(classes=None, categories=True),
        target=dict(classes=None, categories=True),
    )
)
val_dataloader = dict(dataset=dict(classes=None, categories=True))
val_evaluator = dict(subsets=None)
