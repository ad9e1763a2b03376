"""HRDA with DACS self-training on the demo domains, from scratch on a CPU.

Command:   python run_experiments.py --config configs/demo/demoHR2demoHR_hrda.py
Measured:  42.6 ± 0.5 mIoU over 3 seeds; about 8 minutes on 2 CPU cores, data included (docs/experiments.md, the demo study)
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_tiny.py",
    "../_base_/datasets/uda_demo.py",
    "../_base_/uda/dacs_demo.py",
    "../_base_/schedules/adamw_demo.py",
]

model = dict(
    type="HRDAEncoderDecoder",
    hr_crop_size=(128, 128),
    decode_head=dict(type="HRDAHead", single_scale_head="DAFormerHead", attention_embed_dim=24, hr_loss_weight=0.1),
    test_cfg=dict(mode="slide", batched_slide=True, stride=[128, 128], crop_size=[256, 256]),
)
