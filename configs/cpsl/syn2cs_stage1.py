"""CPSL, stage 1, Synthia -> Cityscapes with 16 classes: self-labelling (Li et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/cpsl/syn2cs_stage1.py
           with --cfg-options load_from=FILE, the checkpoint of the warm-up, which also made the two products below.
Study:     --exp 66, the whole chain
Published: 54.4 mIoU over 16 classes, 61.7 over 13 (mIoU.13), one seed. The weights of its losses are not published: those of GTA are
           taken. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data), prototypes.npz and soft_labels in data/cityscapes/cpsl_synthia
           (syn2cs_warmup.py says how to make them).
Next:      python tools/prepare/pseudo_labels.py configs/cpsl/syn2cs_stage1.py CHECKPOINT --flip --threshold 0.95 \
               --out data/cityscapes/cpsl_synthia/labels_stage1, then syn2cs_stage2.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl_synthia.py",
    "../_base_/datasets/synthia_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

load_from = "work_dirs/cpsl_synthia_warmup/latest.pth"
# Options that are left out are those of the released code, which made the published numbers: 256 pixels of every image and a memory of
# 65,536 (samples, memory), random pixels and a marginal that does not move (sampling="uniform", marginal="static"; in the paper "class" and
# "moving"), and a contrastive term whose labels are of other pixels (contrast="published", or "aligned").
uda = dict(type="CPSL", prototypes="data/cityscapes/cpsl_synthia/prototypes.npz")
train_dataloader = dict(
    dataset=dict(
        target_soft_labels="data/cityscapes/cpsl_synthia/soft_labels",
        target_whole=(2048, 1024),  # what the moving average looks at
        strong_view=dict(),
    )
)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(decode_head=dict(lr_mult=5.0), prototypes=dict(lr_mult=5.0))))
