"""Self-distillation (SD) from corrected pseudo-labels, Synthia -> Cityscapes with 16 classes (Liu et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/label_shift/syn2cs_sd.py
           once the pseudo-labels of all target images are in data/cityscapes/pseudo_labels:
           python tools/prepare/pseudo_labels.py configs/label_shift/syn2cs_fada.py CHECKPOINT --out data/cityscapes/pseudo_labels
           with a checkpoint of syn2cs_cr.py, or with one of syn2cs_fada.py and --prior-correction PRIORS.json.
Published: 47.0 mIoU over 16 classes, 54.3 over 13 (mIoU.13); from labels that are not corrected 45.2 and 52.5. Not trained by us yet.
Needs:     data/cityscapes (README, section Data) and pretrained/resnet101.pth (sh tools/download_checkpoints.sh resnet101).
"""

_base_ = ["gta2cs_sd.py"]

# As published for Synthia, BatchNorm is frozen.
model = dict(backbone=dict(norm_cfg=dict(type="FrozenBN")), decode_head=dict(num_classes=16))

_classes = [
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "sky", "person", "rider"),
    *("car", "bus", "motorcycle", "bicycle"),
]
train_dataloader = dict(dataset=dict(source=dict(classes=_classes)))
val_dataloader = dict(dataset=dict(classes=_classes))
val_evaluator = dict(subsets=["13"])
