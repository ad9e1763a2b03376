"""RIPU, Synthia -> Cityscapes with 16 classes, regions of 3x3 pixels, 2.2 % of the pixels labelled (Xie et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/ripu/syn2cs_ripu_ra.py
Study:     --exp 71
Published: 70.1 mIoU over 16 classes, 75.7 over 13 (mIoU.13), with DeepLabV2, one seed. Not trained by us yet.
Needs:     data/synthia and data/cityscapes with the labels of its training images (README, section Data), and
           pretrained/resnet101.pth (sh tools/download_checkpoints.sh resnet101).

gta2cs_ripu_ra.py explains what is the same here.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_ripu_v2.py",
    # Whole images: Synthia at 1280x720, Cityscapes at 1024x512.
    "../_base_/datasets/synthia_to_cityscapes_ripu.py",
    "../_base_/uda/ripu.py",
    "../_base_/schedules/sgd_40k_ripu.py",
]

model = dict(decode_head=dict(num_classes=16))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    dict(
        type="AnnotationRounds",
        rounds=[10000, 12000, 14000, 16000, 18000],
        budget=dict(ratio=0.022),
        acquisition=dict(type="RegionImpurity", radius=1),
        oracle="labels",
    ),
]
