"""Depth distribution, first training, Synthia -> Cityscapes with 16 classes (Wu & Liu, NeurIPS 2022): depth and density beside the
segmentation, and alignment of self-information times density.

Command:   python run_experiments.py --config configs/depth_distribution/syn2cs_adapt.py
           with mixtures that are made by
           python tools/prepare/depth_distribution.py configs/depth_distribution/syn2cs_adapt.py --out data/synthia/mixtures_16.npz
Study:     --exp 75 --only ablation.2, with the mixtures as a stage of its own
Published: 44.8 mIoU over 16 classes, one seed (48.2 with self-training and the spatial prior). Not trained by us yet.
Needs:     data/synthia with its depth and data/cityscapes (README, section Data), and the weights of DeepLab
           (docs/depth_distribution.md, Weights).
More:      docs/depth_distribution.md
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_depth.py",
    "../_base_/datasets/synthia_to_cityscapes_depth.py",
    "../_base_/schedules/sgd_90k_depth.py",
]

# The weights of the losses and the rate of the discriminator are the defaults.
uda = dict(
    type="DepthDistribution",
    mixtures="data/synthia/mixtures_16.npz",
    lr_D_iters=90000,
)

# 1 / (K * frequency in Synthia), in the weighted mean of torch.
model = dict(
    decode_head=dict(
        loss_decode=dict(
            class_weight=[
                *(0.327, 0.313, 0.206, 22.427, 22.558, 5.811, 155.643, 59.528),
                *(0.586, 0.882, 1.423, 12.871, 1.488, 3.955, 29.164, 27.563),
            ],
            avg_class_weight=True,
        ),
    ),
)

train_cfg = dict(max_iters=54000)  # of a schedule of 90,000, as in the paper
