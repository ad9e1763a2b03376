"""Self-distillation (SD) from corrected pseudo-labels, GTA -> Cityscapes (Liu et al., CVPR 2022, section 4.3 and Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_sd.py
           once the pseudo-labels of all target images are in data/cityscapes/pseudo_labels:
           python tools/prepare/pseudo_labels.py configs/label_shift/gta2cs_fada.py CHECKPOINT --out data/cityscapes/pseudo_labels
           with a checkpoint of gta2cs_cr.py, or with one of gta2cs_fada.py and --prior-correction PRIORS.json.
Published: 52.7 mIoU; 49.2 from labels that are not corrected. Not trained by us yet.
Needs:     data/cityscapes (README, section Data) and pretrained/resnet101.pth (sh tools/download_checkpoints.sh resnet101).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/schedules/sgd_20k_fada.py",
]

uda = dict(type="TargetOnly")

# From ImageNet weights, with statistics of the whole batch: on several GPUs add sync_batchnorm=True.
model = dict(
    backbone=dict(
        _delete_=True, type="ResNet", depth=101, strides=[1, 2, 1, 1], dilations=[1, 1, 2, 4], contract_dilation=True, out_indices=[3]
    ),
    decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True)),
)

# The target as if the most likely class of every pixel were its label; crops of images at 0.5 to 1.5 of their native size.
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        source=dict(
            _delete_=True,
            type="CityscapesDataset",
            data_root="data/cityscapes",
            img_dir="leftImg8bit/train",
            ann_dir="pseudo_labels",
        ),
        source_crop=dict(
            _delete_=True,
            img_scale=(2048, 1024),
            crop_size=(512, 1024),
            keep_ratio=False,
            ratio_range=(0.5, 1.5),
            interpolation="bicubic",
            flip_prob=0.5,
            pad=True,
            color_jitter=(0.5, 0.5, 0.5, 0.2),
        ),
        target=None,
        target_crop=None,
        class_aware_sampling=None,
    ),
)

# Models of this stage are evaluated at full resolution.
val_dataloader = dict(dataset=dict(test_scale=(2048, 1024)))
