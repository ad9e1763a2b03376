"""Synthia to Cityscapes as FADA reads them: the 16 classes that Synthia shows; pixels of the other three are not evaluated."""

_base_ = "gta_to_cityscapes_fada.py"
_classes = [
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "sky", "person", "rider"),
    *("car", "bus", "motorcycle", "bicycle"),
]
train_dataloader = dict(
    dataset=dict(
        source=dict(_delete_=True, type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS", classes=_classes),
        source_crop=dict(img_scale=(1280, 760), crop_size=(760, 1280)),
        target=dict(classes=_classes),
    )
)
val_dataloader = dict(dataset=dict(classes=_classes))
val_evaluator = dict(subsets=["13"])
