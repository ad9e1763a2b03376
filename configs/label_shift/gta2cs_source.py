"""GTA alone, evaluated on Cityscapes: the first stage of FADA and of label shift adaptation (Liu et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_source.py
Published: 36.8 mIoU, one seed. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
Next:      gta2cs_fada.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/schedules/sgd_20k_fada.py",
]

uda = dict(type="SourceOnly")
model = dict(decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True)))  # mean over labelled pixels

# The source alone, in batches of 8 and without colour jitter.
train_dataloader = dict(batch_size=8, dataset=dict(target=None, target_crop=None, source_crop=dict(color_jitter=None)))
