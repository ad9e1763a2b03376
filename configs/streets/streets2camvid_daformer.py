"""DAFormer at native resolution, rendered streets -> photographs (CamVid), from ImageNet weights on a CPU.

Command:   python run_experiments.py --config configs/streets/streets2camvid_daformer.py
Study:     --exp 110
Measured:  61.2 ± 1.3 mIoU over 3 seeds (docs/real_photographs.md)
Needs:     what streets2camvid_hrda.py needs
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_narrow_lite0.py",
    "../_base_/datasets/uda_streets_to_camvid.py",
    "../_base_/uda/dacs_streets.py",
    "../_base_/schedules/adamw_streets.py",
]

# The same share of the image as HRDA's crops, in 256x256 pixels: HRDA looks at it twice, with fewer and with more pixels.
model = dict(decode_head=dict(num_classes=11), test_cfg=dict(mode="slide", batched_slide=True, stride=[128, 128], crop_size=[256, 256]))
train_dataloader = dict(dataset=dict(rare_class_sampling=dict(min_pixels=100, class_temp=0.01, min_crop_ratio=0.5)))
