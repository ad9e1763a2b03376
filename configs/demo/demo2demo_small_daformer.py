"""DAFormer's self-training of a network of a quarter of the size of HRDA's, on the demo domains.

Command:   python run_experiments.py --config configs/demo/demo2demo_small_daformer.py
Study:     --exp 120
Measured:  not yet (docs/foundation.md)
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_tiny.py",
    "../_base_/datasets/uda_demo.py",
    "../_base_/uda/dacs_demo.py",
    "../_base_/schedules/adamw_demo.py",
]

# Half of the channels of the tiny network, and one look at a crop in the place of HRDA's two.
model = dict(
    backbone=dict(embed_dims=[16, 24, 32, 48], depths=[1, 1, 1, 1]),
    decode_head=dict(in_channels=[16, 24, 32, 48], decoder_params=dict(embed_dims=12), channels=24),
)
