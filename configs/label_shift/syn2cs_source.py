"""Synthia alone, evaluated on Cityscapes with its 16 classes: the first stage of FADA (Liu et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/label_shift/syn2cs_source.py
Published: 33.5 mIoU over 16 classes, 38.6 over 13 (mIoU.13), one seed. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
Next:      syn2cs_fada.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/synthia_to_cityscapes_fada.py",
    "../_base_/schedules/sgd_20k_fada.py",
]

uda = dict(type="SourceOnly")
model = dict(decode_head=dict(num_classes=16, loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True)))

# The source alone, in batches of 8 and without colour jitter.
train_dataloader = dict(batch_size=8, dataset=dict(target=None, target_crop=None, source_crop=dict(color_jitter=None)))
