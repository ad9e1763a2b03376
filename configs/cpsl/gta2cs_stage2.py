"""CPSL, stage 2, GTA -> Cityscapes: distillation into a network that starts from self-supervised weights (Li et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/cpsl/gta2cs_stage2.py
           with --cfg-options uda.distilled_from=FILE, the checkpoint of stage 1, which also made the pseudo-labels.
Study:     --exp 65, the whole chain
Published: 59.4 mIoU, one seed, the best of all evaluations. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data), pseudo-labels in data/cityscapes/cpsl/labels_stage1 (gta2cs_stage1.py
           says how to make them), and pretrained/r101_1x_sk0.pth: SimCLRv2's ResNet-101 in the names of torchvision (docs/cpsl.md).
           To start from ImageNet labels instead: --cfg-options model.pretrained=pretrained/resnet101.pth
Next:      pseudo-labels as before, with this config and its checkpoint, then gta2cs_stage3.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl.py",
    "../_base_/datasets/gta_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

# As published, the distillation passes probabilities where a divergence has their logarithms; distillation="kl" is the divergence.
uda = dict(
    type="CPSLDistillation",
    distilled_from="work_dirs/cpsl_stage1/latest.pth",
    distilled_model={{_base_.model}},  # the network of stage 1, which has no bn_pretrain
)
train_dataloader = dict(dataset=dict(target_labels="data/cityscapes/cpsl/labels_stage1", strong_view=dict()))
model = dict(backbone=dict(last_norm=True), pretrained="pretrained/r101_1x_sk0.pth")
optim_wrapper = dict(optimizer=dict(lr=6e-4), paramwise_cfg=dict(custom_keys=dict(bn_pretrain=dict(lr_mult=10.0))))
