"""Synthia alone with RIPU's DeepLabV2, evaluated on Cityscapes with 16 classes: no label of the target.

Command:   python run_experiments.py --config configs/ripu/syn2cs_source.py
Study:     --exp 71, --exp 73
Published: 34.9 mIoU over 16 classes, 40.3 over 13 (mIoU.13; Xie et al., CVPR 2022, Table 2). Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data; its validation images alone) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_ripu_v2.py",
    "../_base_/datasets/synthia_to_cityscapes_ripu.py",
    "../_base_/schedules/sgd_20k_fada.py",
]

model = dict(decode_head=dict(num_classes=16))
uda = dict(type="SourceOnly")
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
train_cfg = dict(val_interval=10000)
