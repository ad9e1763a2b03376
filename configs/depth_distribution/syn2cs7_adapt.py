"""Depth distribution, first training, Synthia -> Cityscapes with 7 classes (Wu & Liu, NeurIPS 2022).

Command:   python run_experiments.py --config configs/depth_distribution/syn2cs7_adapt.py
           with mixtures that are made by
           python tools/prepare/depth_distribution.py configs/depth_distribution/syn2cs7_adapt.py \\
               --out data/synthia/mixtures_7.npz
Study:     --exp 76 --only full.2, with the mixtures as a stage of its own
Published: nothing of this training alone. Not trained by us yet.
Needs:     data/synthia with its depth and data/cityscapes (README, section Data), and the weights of DeepLab
           (docs/depth_distribution.md, Weights).
More:      docs/depth_distribution.md
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_depth.py",
    "../_base_/datasets/synthia_to_cityscapes_depth_7.py",
    "../_base_/schedules/sgd_90k_depth.py",
]

# The weights of the losses and the rate of the discriminator are the defaults.
uda = dict(
    type="DepthDistribution",
    mixtures="data/synthia/mixtures_7.npz",
    lr_D_iters=90000,
)

# 1 / (K * frequency in Synthia), in the weighted mean of torch.
model = dict(
    decode_head=dict(
        num_classes=7,
        loss_decode=dict(class_weight=[0.349, 0.462, 11.576, 1.325, 1.993, 3.216, 3.192], avg_class_weight=True),
    ),
)

train_cfg = dict(max_iters=54000)  # of a schedule of 90,000, as in the paper
