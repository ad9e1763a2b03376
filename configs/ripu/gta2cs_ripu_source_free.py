"""RIPU without the source, GTA -> Cityscapes, regions, 2.2 % of the pixels labelled (Xie et al., CVPR 2022, source-free).

Command:   python run_experiments.py --config configs/ripu/gta2cs_ripu_source_free.py
           with --cfg-options load_from=FILE, the last checkpoint of gta2cs_source.py; --exp 73 trains both.
Published: 67.1 mIoU, one seed. Not trained by us yet.
Needs:     as gta2cs_ripu_ra.py, which explains what is the same here. No image of GTA changes what is learned.
"""

_base_ = "gta2cs_ripu_ra.py"

# No supervision on the source, and with it no local consistency, which needs its labels.
uda = dict(objectives=dict(source=None))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # The network knows the source already: the first round is before the first iteration. Regions of 19x19 pixels (k = 9).
    dict(
        type="AnnotationRounds",
        rounds=[0, 2000, 4000, 6000, 8000],
        budget=dict(ratio=0.022),
        acquisition=dict(type="RegionImpurity", radius=9),
        oracle="labels",
    ),
]
train_cfg = dict(max_iters=30000)
