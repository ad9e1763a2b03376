"""The HRDA network on the labelled demo source and 5 % of the labelled target images (10 of 200), without adaptation.

Command:   python run_experiments.py --config configs/demo/demoHR_source_few.py
Measured:  not yet

Another share: --cfg-options train_dataloader.dataset.target.labeled=0.1
"""

_base_ = ["demoHR2demoHR_hrda_few.py"]

# The same data but for the unlabelled crops, and both supervised losses of HRDA with few labels.
uda = dict(_delete_=True, type="SourceOnly", labeled=dict(), source_class_weight={{_base_.uda.source_class_weight}})
train_dataloader = dict(dataset=dict(unlabeled="none", crop_pseudo_margins=None))
