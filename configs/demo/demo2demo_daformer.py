"""DAFormer with DACS self-training at half resolution on the demo domains, from scratch on a CPU.

Command:   python run_experiments.py --config configs/demo/demo2demo_daformer.py
Measured:  38.1 ± 2.6 mIoU over 3 seeds (docs/experiments.md, the demo study)
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_tiny.py",
    "../_base_/datasets/uda_demo.py",
    "../_base_/uda/dacs_demo.py",
    "../_base_/schedules/adamw_demo.py",
]

# The same street in half as many pixels per side: the crop still covers 256x256 pixels of the original.
scale = 0.5
crop_size = (128, 128)
train_dataloader = dict(
    dataset=dict(
        crop_pseudo_margins=[2, 15, 2, 2],
        rare_class_sampling=dict(min_pixels=40, class_temp=0.01, min_crop_ratio=0.25),
    ),
)
