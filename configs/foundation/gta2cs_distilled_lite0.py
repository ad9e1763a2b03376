"""EfficientNet-Lite0 taught by an adapted DINOv2 ViT-L/14, GTA -> Cityscapes: 3.2 million parameters in the place of 308.

Command:   python run_experiments.py --config configs/foundation/gta2cs_distilled_lite0.py
           with --cfg-options uda.distilled_from=RUN, the folder of the teacher.
Published: nothing. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data), pretrained/efficientnet_lite0.pth, and a teacher: the folder of a run of
           gta2cs_vfmuda_dinov2_vitl.py, say, whose config says how it sees images (docs/foundation.md, section on distillation).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_narrow_lite0.py",
    "../_base_/datasets/uda_gta_to_cityscapes.py",
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

uda = dict(
    # Cross entropy with the labels of GTA, and the divergence from what the teacher says about Cityscapes.
    type="Distillation",
    # A folder of a run, of a released checkpoint or of an exported model.
    distilled_from="work_dirs/vfmuda_dinov2_vitl",
)
precision = "fp16"
model = dict(test_cfg=dict(mode="slide", batched_slide=True, stride=[512, 512], crop_size=[1024, 1024]))
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        source_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        target_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        # Where the teacher was trained without labels, it says nothing that is worth learning.
        target_margins=[3, 25, 3, 3],
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=2.0),
    ),
)
