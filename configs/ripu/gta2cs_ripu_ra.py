"""RIPU, GTA -> Cityscapes, regions of 3x3 pixels, 2.2 % of the pixels labelled (Xie et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/ripu/gta2cs_ripu_ra.py
Study:     --exp 70
Published: 69.6 mIoU with DeepLabV2 (all labels: 70.2, none: 36.6), one seed. Not trained by us yet.
Needs:     data/gta and data/cityscapes with the labels of its training images, which the oracle gives out (README, section Data), and
           pretrained/resnet101.pth (sh tools/download_checkpoints.sh resnet101).
More:      docs/active_learning.md

The comments name the symbols and sections of the paper.
"""

_base_ = [
    "../_base_/default_runtime.py",
    # DeepLabV2 on ResNet-101, frozen BatchNorm; the test averages image and mirror image.
    "../_base_/models/r101_ripu_v2.py",
    # Whole images: GTA at 1280x720, Cityscapes at 1280x640; two of each in a batch.
    "../_base_/datasets/gta_to_cityscapes_ripu.py",
    # Supervision on the source and on what is labelled of the target; local consistency on the source, negative learning on the target.
    "../_base_/uda/ripu.py",
    # SGD, 40,000 iterations.
    "../_base_/schedules/sgd_40k_ripu.py",
]

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # Active learning: after each of these iterations the network looks at all training images of the target, and a fifth of the budget
    # is spent on the regions with the highest score.
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        # Share of the pixels of every image that get a label.
        budget=dict(ratio=0.022),
        # Region impurity times prediction uncertainty of the squares of 3x3 pixels (k = 1) around every pixel.
        acquisition=dict(type="RegionImpurity", radius=1),
        # The labels of the data set take the place of people who are asked.
        oracle="labels",
    ),
]
