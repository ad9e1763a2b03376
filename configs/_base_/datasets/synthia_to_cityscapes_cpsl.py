"""Synthia to Cityscapes as CPSL reads them: in its own colours, with the 16 classes that Synthia shows."""

_base_ = "gta_to_cityscapes_cpsl.py"
_classes = [
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "sky", "person", "rider"),
    *("car", "bus", "motorcycle", "bicycle"),
]
train_dataloader = dict(
    dataset=dict(
        source=dict(_delete_=True, type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS", classes=_classes),
        source_crop=dict(keep_ratio="width"),
        target=dict(classes=_classes),
        lab_transfer=False,
    )
)
val_dataloader = dict(dataset=dict(classes=_classes))
val_evaluator = dict(subsets=["13"])
