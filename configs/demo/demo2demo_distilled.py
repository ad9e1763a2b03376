"""A network of a quarter of the size taught by HRDA's, on the demo domains: soft labels of a frozen teacher.

Command:   python run_experiments.py --config configs/demo/demo2demo_distilled.py
Study:     --exp 120
Measured:  not yet (docs/foundation.md)
Needs:     a teacher, which takes about 8 minutes on 2 CPU cores, once:
           python tools/train.py configs/demo/demoHR2demoHR_hrda.py --work-dir work_dirs/demo_teacher

--exp 120 --only demo trains teacher and student.
"""

_base_ = ["demo2demo_small_daformer.py"]

uda = dict(
    _delete_=True,
    type="Distillation",
    distilled_from="work_dirs/demo_teacher",
    source_class_weight={{_base_.uda.source_class_weight}},
)
