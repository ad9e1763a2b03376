"""CPSL, stage 3, GTA -> Cityscapes: distillation once more (Li et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/cpsl/gta2cs_stage3.py
           with --cfg-options load_from=FILE uda.distilled_from=FILE, both the checkpoint of stage 2, from which the published one goes on.
Study:     --exp 65, the whole chain
Published: 60.8 mIoU, one seed, the best of all evaluations. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pseudo-labels of stage 2 in data/cityscapes/cpsl/labels_stage2.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl.py",
    "../_base_/datasets/gta_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

load_from = "work_dirs/cpsl_stage2/latest.pth"
uda = dict(type="CPSLDistillation", distilled_from="work_dirs/cpsl_stage2/latest.pth")  # a teacher like the student
train_dataloader = dict(dataset=dict(target_labels="data/cityscapes/cpsl/labels_stage2", strong_view=dict()))
model = dict(backbone=dict(last_norm=True))
optim_wrapper = dict(optimizer=dict(lr=6e-4), paramwise_cfg=dict(custom_keys=dict(bn_pretrain=dict(lr_mult=10.0))))
