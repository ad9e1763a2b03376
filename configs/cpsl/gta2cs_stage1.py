"""CPSL, stage 1, GTA -> Cityscapes: self-labelling (Li et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/cpsl/gta2cs_stage1.py
           with --cfg-options load_from=FILE, the checkpoint of the warm-up, which also made the two products below.
Study:     --exp 65, the whole chain
Published: 55.7 mIoU, one seed, the best of 81 evaluations. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data), data/cityscapes/cpsl/prototypes.npz and data/cityscapes/cpsl/soft_labels
           (gta2cs_warmup.py says how to make them).
Next:      python tools/prepare/pseudo_labels.py configs/cpsl/gta2cs_stage1.py CHECKPOINT --flip --threshold 0.95 \
               --out data/cityscapes/cpsl/labels_stage1, then gta2cs_stage2.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl.py",
    "../_base_/datasets/gta_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

load_from = "work_dirs/cpsl_warmup/latest.pth"
# Options that are left out are those of the released code, which made the published numbers: 256 pixels of every image and a memory of
# 65,536 (samples, memory), random pixels and a marginal that does not move (sampling="uniform", marginal="static"; in the paper "class" and
# "moving"), and a contrastive term whose labels are of other pixels (contrast="published", or "aligned").
uda = dict(type="CPSL", prototypes="data/cityscapes/cpsl/prototypes.npz")
train_dataloader = dict(
    dataset=dict(
        target_soft_labels="data/cityscapes/cpsl/soft_labels",
        target_whole=(2048, 1024),  # what the moving average looks at
        strong_view=dict(),
    )
)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(decode_head=dict(lr_mult=5.0), prototypes=dict(lr_mult=5.0))))
