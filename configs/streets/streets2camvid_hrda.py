"""HRDA, rendered streets -> photographs (CamVid), from ImageNet weights on a CPU.

Command:   python run_experiments.py --config configs/streets/streets2camvid_hrda.py
Study:     --exp 110
Measured:  62.0 ± 0.5 mIoU over 3 seeds (docs/real_photographs.md)
Needs:     data/streets, data/camvid and pretrained/efficientnet_lite0.pth (docs/real_photographs.md says how to get them)

No setting was chosen by labels of the photographs; the comments give the reason of each.
"""

_base_ = [
    "../_base_/demo_runtime.py",
    # EfficientNet-Lite0 with a DAFormer decoder of width 64, fused by the scale attention of HRDA: 3.4 million parameters.
    "../_base_/models/hrda_narrow_lite0.py",
    "../_base_/datasets/uda_streets_to_camvid.py",
    "../_base_/uda/dacs_streets.py",
    # AdamW, 1,400 iterations of two crops of each domain.
    "../_base_/schedules/adamw_streets.py",
]

# Images are enlarged to 720x540: a pole is two or three pixels wide in them as they are, and the decoder sees every fourth pixel.
# The context crop shows 384x384 of these pixels at half resolution, which is three quarters of the native one.
scale = 1.5
crop_size = (384, 384)
model = dict(
    decode_head=dict(num_classes=11),
    hr_crop_size=(192, 192),
    # Whole images are predicted from six windows of that size.
    test_cfg=dict(mode="slide", batched_slide=True, stride=[192, 192], crop_size=[384, 384]),
)
train_dataloader = dict(
    dataset=dict(
        # Images with rare classes come more often, as published (T = 0.01): their labels, at native size, have more than 100 pixels of
        # the drawn class, and the enlarged crop shows no fewer.
        rare_class_sampling=dict(min_pixels=100, class_temp=0.01, min_crop_ratio=1.0),
    ),
)
