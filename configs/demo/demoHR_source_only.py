"""The HRDA network on the labelled demo source alone: the lower bound of the demo study.

Command:   python run_experiments.py --config configs/demo/demoHR_source_only.py
Measured:  26.9 ± 0.2 mIoU over 3 seeds (docs/experiments.md, the demo study)
"""

_base_ = ["demoHR2demoHR_hrda.py"]

# Same network, iterations, initial weights and source loss as HRDA; only the target is left out.
uda = dict(_delete_=True, type="SourceOnly", source_class_weight={{_base_.uda.source_class_weight}})
train_dataloader = dict(dataset=dict(target=None, target_crop=None, crop_pseudo_margins=None))
