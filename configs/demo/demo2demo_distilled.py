"""A network of a quarter of the size taught by HRDA's, on the demo domains: soft labels of a frozen teacher.

Command:   python run_experiments.py --config configs/demo/demo2demo_distilled.py
Measured:  not yet (docs/foundation.md)
Needs:     a teacher, which takes about 8 minutes on 2 CPU cores, once:
           python tools/train.py configs/demo/demoHR2demoHR_hrda.py --work-dir work_dirs/demo_teacher

--exp 120 --only distilled trains both, and a student of its own.
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_tiny.py",
    "../_base_/datasets/uda_demo.py",
    "../_base_/uda/dacs_demo.py",
    "../_base_/schedules/adamw_demo.py",
]

# Half of the teacher's channels, and one look at a crop in the place of two.
model = dict(
    backbone=dict(embed_dims=[16, 24, 32, 48], depths=[1, 1, 1, 1]),
    decode_head=dict(in_channels=[16, 24, 32, 48], decoder_params=dict(embed_dims=12), channels=24),
)
uda = dict(
    _delete_=True,
    type="Distillation",
    distilled_from="work_dirs/demo_teacher",
    source_class_weight={{_base_.uda.source_class_weight}},
)
