"""RIPU with DeepLabV3+, GTA -> Cityscapes, regions, 5 % of the pixels labelled (Xie et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/ripu/gta2cs_ripu_ra_v3plus.py
Study:     --exp 70
Published: 71.2 mIoU (all labels: 71.9), one seed. Not trained by us yet.
Needs:     as gta2cs_ripu_ra.py, which explains what is the same here.
"""

_base_ = [
    "../_base_/default_runtime.py",
    # DeepLabV3+ on ResNet-101; no normalisation is trained, those of the decoder are the identity.
    "../_base_/models/r101_ripu_v3plus.py",
    "../_base_/datasets/gta_to_cityscapes_ripu.py",
    "../_base_/uda/ripu.py",
    "../_base_/schedules/sgd_40k_ripu.py",
]

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        budget=dict(ratio=0.05),
        acquisition=dict(type="RegionImpurity", radius=1),
        oracle="labels",
    ),
]
