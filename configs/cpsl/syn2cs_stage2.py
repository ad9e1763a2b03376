"""CPSL, stage 2, Synthia -> Cityscapes with 16 classes: distillation from self-supervised weights (Li et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/cpsl/syn2cs_stage2.py
           with --cfg-options uda.distilled_from=FILE, the checkpoint of stage 1, which also made the pseudo-labels.
Study:     --exp 66, the whole chain
Published: nothing about this stage. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data), pseudo-labels in data/cityscapes/cpsl_synthia/labels_stage1
           (syn2cs_stage1.py says how to make them), and pretrained/r101_1x_sk0.pth (gta2cs_stage2.py says what it is).
Next:      pseudo-labels as before, with this config and its checkpoint, then syn2cs_stage3.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl_synthia.py",
    "../_base_/datasets/synthia_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

# As published, the distillation passes probabilities where a divergence has their logarithms; distillation="kl" is the divergence.
uda = dict(
    type="CPSLDistillation",
    distilled_from="work_dirs/cpsl_synthia_stage1/latest.pth",
    distilled_model={{_base_.model}},  # the network of stage 1, which has no bn_pretrain
)
train_dataloader = dict(dataset=dict(target_labels="data/cityscapes/cpsl_synthia/labels_stage1", strong_view=dict()))
model = dict(backbone=dict(last_norm=True), pretrained="pretrained/r101_1x_sk0.pth")
optim_wrapper = dict(optimizer=dict(lr=6e-4), paramwise_cfg=dict(custom_keys=dict(bn_pretrain=dict(lr_mult=10.0))))
