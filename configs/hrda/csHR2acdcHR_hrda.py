"""HRDA, Cityscapes -> ACDC (fog, night, rain and snow) at full resolution (Hoyer et al., ECCV 2022).

Command:   python run_experiments.py --config configs/hrda/csHR2acdcHR_hrda.py
Study:     --exp 49
Published: 68.0 mIoU on the test split, which only the benchmark's server evaluates (ours is the validation
           split); 32 hours and 22.5 GB on a 24 GB card (stated for GTA). Not trained by us yet.
Needs:     data/cityscapes and data/acdc (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_mitb5.py",
    # Cityscapes at 2048x1024, ACDC at 1920x1080, crops of 1024x1024.
    "../_base_/datasets/uda_cityscapes_to_acdc.py",
    "../_base_/uda/dacs_a999_fdthings.py",
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

# The network of configs/hrda/gtaHR2csHR_hrda.py, where each option is explained.
model = dict(
    type="HRDAEncoderDecoder",
    hr_crop_size=(512, 512),
    decode_head=dict(type="HRDAHead", single_scale_head="DAFormerHead", hr_loss_weight=0.1),
    test_cfg=dict(mode="slide", batched_slide=True, stride=[512, 512], crop_size=[1024, 1024]),
)

# Rare-class sampling: at full resolution a crop shows at least 2 * 3,000 pixels of the drawn class. Every pixel of the
# target may get a pseudo-label: the margins of the other configs are those of Cityscapes as the target.
train_dataloader = dict(dataset=dict(rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=2.0)))
