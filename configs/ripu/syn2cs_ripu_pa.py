"""RIPU, Synthia -> Cityscapes with 16 classes, 40 single pixels an image labelled (Xie et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/ripu/syn2cs_ripu_pa.py
Study:     --exp 71
Published: 66.1 mIoU over 16 classes, 72.1 over 13 (mIoU.13), with DeepLabV2, one seed. Not trained by us yet.
Needs:     as syn2cs_ripu_ra.py; gta2cs_ripu_pa.py explains the rounds.
"""

_base_ = "syn2cs_ripu_ra.py"

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        budget=dict(pixels=40),
        acquisition=dict(type="PixelImpurity", radius=32),
        oracle="labels",
    ),
]
