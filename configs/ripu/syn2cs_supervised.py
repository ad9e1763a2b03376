"""Synthia and all labels of Cityscapes with RIPU's DeepLabV2, 16 classes: what any budget can reach at most.

Command:   python run_experiments.py --config configs/ripu/syn2cs_supervised.py
Study:     --exp 71
Published: 70.6 mIoU over 16 classes, 75.9 over 13 (mIoU.13; Xie et al., CVPR 2022, Table 2), one seed. Not trained by us yet.
Needs:     as syn2cs_ripu_ra.py; gta2cs_supervised.py explains the rest.
"""

_base_ = "syn2cs_ripu_ra.py"

uda = dict(local_consistency_lambda=0.0, annotated=dict(negative=0.0))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    dict(
        type="AnnotationRounds",
        rounds=[0],
        budget=dict(ratio=1.0),
        acquisition=dict(type="RegionRandom", radius=2048),  # one region, as large as any image
        oracle="labels",
    ),
]
