"""VFM-UDA with DINOv2 ViT-B/14, GTA -> Cityscapes (Englert et al., arXiv 2406.09896).

Command:   python run_experiments.py --config configs/foundation/gta2cs_vfmuda_dinov2_vitb.py
Published: 77.1 mIoU, 4 GPUs with 2 crops of each domain. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/vit_base_patch14_dinov2.pth (docs/encoders.md).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/light_dinov2_vitb.py",
    "../_base_/datasets/uda_gta_to_cityscapes.py",
    "../_base_/uda/dacs_vfm.py",
    "../_base_/schedules/adamw_vfm_40k.py",
]

precision = "fp16"
# Eight crops of each domain in a step, two at a time; each part draws what one of 4 GPUs would.
# On 4 GPUs: train_dataloader.batch_size=2 micro_batches=1.
micro_batches = 4
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        source_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        target_crop=dict(ratio_range=(0.9, 1.1), pad=True),
        # Per cent of the target images at [top, bottom, left, right] without pseudo-labels.
        target_margins=[3, 25, 3, 3],
        # Crops are drawn, 20 at most, until one has 2 * 3,000 pixels of the rare class and none fills three quarters of it.
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.05, min_crop_ratio=2.0, crop_tries=20),
    ),
)
model = dict(backbone=dict(mask_token=True))
