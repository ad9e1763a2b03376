"""HRDA with a few labels, GTA -> Cityscapes, regions, 2.2 % of the pixels labelled: ours, not from a paper.

Command:   python run_experiments.py --config configs/ripu/gtaHR2csHR_hrda_ripu.py
Study:     --exp 74
Published: nothing (HRDA without labels: 73.8; RIPU with DeepLabV2: 69.6). Not trained by us yet.
Needs:     data/gta and data/cityscapes with the labels of its training images, which the oracle gives out (README, section Data), and
           pretrained/mit_b5.pth (sh tools/download_checkpoints.sh mit_b5).
More:      docs/active_learning.md
"""

_base_ = ["../hrda/gtaHR2csHR_hrda.py"]

# What is labelled replaces the pseudo-label, with weight 1, before images are mixed. The unmixed target crop is supervised with what is
# labelled in it as well: the fused prediction and that of the detail. annotated=dict(negative=1.0) would add RIPU's negative learning.
uda = dict(annotated=dict())

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # The teacher looks at all training images of the target, in sliding windows at full resolution.
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        budget=dict(ratio=0.022),
        acquisition=dict(type="RegionImpurity", radius=1),
        oracle="labels",
    ),
]
train_dataloader = dict(dataset=dict(target=dict(ann_dir="gtFine/train")))  # for the oracle alone
