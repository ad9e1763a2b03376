"""GTA and all labels of Cityscapes with RIPU's DeepLabV2: what any budget can reach at most (Xie et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/ripu/gta2cs_supervised.py
Study:     --exp 70
Published: 70.2 mIoU, one seed. Not trained by us yet.
Needs:     as gta2cs_ripu_ra.py, which explains what is the same here.
"""

_base_ = "gta2cs_ripu_ra.py"

# Supervision alone: what else RIPU learns from pixels without labels has nothing to add.
uda = dict(local_consistency_lambda=0.0, annotated=dict(negative=0.0))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # One round before the first iteration that asks for everything.
    dict(
        type="AnnotationRounds",
        rounds=[0],
        budget=dict(ratio=1.0),
        acquisition=dict(type="RegionRandom", radius=2048),  # one region, as large as any image
        oracle="labels",
    ),
]
