"""RIPU without the source, Synthia -> Cityscapes with 16 classes, regions, 2.2 % labelled (Xie et al., CVPR 2022, source-free).

Command:   python run_experiments.py --config configs/ripu/syn2cs_ripu_source_free.py
           with --cfg-options load_from=FILE, the last checkpoint of syn2cs_source.py; --exp 73 trains both.
Published: 68.7 mIoU over 16 classes, one seed. Not trained by us yet.
Needs:     as syn2cs_ripu_ra.py; gta2cs_ripu_source_free.py explains the rest.
"""

_base_ = "syn2cs_ripu_ra.py"

uda = dict(objectives=dict(source=None))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    dict(
        type="AnnotationRounds",
        rounds=[0, 2000, 4000, 6000, 8000],
        budget=dict(ratio=0.022),
        acquisition=dict(type="RegionImpurity", radius=9),
        oracle="labels",
    ),
]
train_cfg = dict(max_iters=30000)
