"""RIPU, GTA -> Cityscapes, 40 single pixels an image labelled (Xie et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/ripu/gta2cs_ripu_pa.py
Study:     --exp 70
Published: 65.5 mIoU with DeepLabV2, one seed. Not trained by us yet.
Needs:     as gta2cs_ripu_ra.py, which explains what is the same here.
"""

_base_ = "gta2cs_ripu_ra.py"

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # Single pixels, counted at 1280x640: at the size of the labels there are 2.56 times as many. The score is the entropy of the pixel
    # times the impurity of the 65x65 pixels (k = 32) around it; picks are at least 33 pixels apart.
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        budget=dict(pixels=40),
        acquisition=dict(type="PixelImpurity", radius=32),
        oracle="labels",
    ),
]
