"""A network of a quarter of the size of HRDA's on the labelled demo source alone: what a student knows without a teacher.

Command:   python run_experiments.py --config configs/demo/demo_small_source_only.py
Study:     --exp 120
Measured:  not yet (docs/foundation.md)
"""

_base_ = ["demo2demo_small_daformer.py"]

uda = dict(_delete_=True, type="SourceOnly", source_class_weight={{_base_.uda.source_class_weight}})
train_dataloader = dict(dataset=dict(target=None, target_crop=None, crop_pseudo_margins=None))
