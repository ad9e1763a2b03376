"""GTA alone with RIPU's DeepLabV2, evaluated on Cityscapes: no label of the target, and the first stage of source-free adaptation.

Command:   python run_experiments.py --config configs/ripu/gta2cs_source.py
Study:     --exp 70, --exp 73
Published: 36.6 mIoU (Xie et al., CVPR 2022, Table 1; the schedule is that of the published source-free code). Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
Next:      gta2cs_ripu_source_free.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_ripu_v2.py",
    "../_base_/datasets/gta_to_cityscapes_ripu.py",
    # Twice the rate of an adaptation, a decay towards iteration 31,250 that ends at 20,000.
    "../_base_/schedules/sgd_20k_fada.py",
]

uda = dict(type="SourceOnly")
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
train_cfg = dict(val_interval=10000)
