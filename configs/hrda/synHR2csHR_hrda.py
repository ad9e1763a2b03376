"""HRDA, Synthia -> Cityscapes at full resolution (Hoyer et al., ECCV 2022, Table 1).

Command:   python run_experiments.py --config configs/hrda/synHR2csHR_hrda.py
Study:     --exp 40
Published: 65.8 mIoU over the 16 classes of Synthia (mIoU.16 in the results); 32 hours and 22.5 GB on a 24 GB
           card (stated for GTA). Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_mitb5.py",
    # Synthia at 2560x1520, Cityscapes at 2048x1024, crops of 1024x1024; means over 16 and 13 classes.
    "../_base_/datasets/uda_synthia_to_cityscapes.py",
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

train_dataloader = dict(
    dataset=dict(
        # Pixels at [top, bottom, left, right] of the resized target image without pseudo-labels:
        # rectification borders, and the ego vehicle.
        crop_pseudo_margins=[30, 240, 30, 30],
        # Rare-class sampling: at full resolution a crop shows at least 2 * 3,000 pixels of the drawn class.
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=2.0),
    ),
)
