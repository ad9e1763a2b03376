"""HRDA on the demo domains with labels of 5 % of the target images: 10 of 200.

Command:   python run_experiments.py --config configs/demo/demoHR2demoHR_hrda_few.py
Measured:  not yet

Another share: --cfg-options train_dataloader.dataset.target.labeled=0.1
"""

_base_ = ["demoHR2demoHR_hrda.py"]

# A step sees two source crops, two labelled target crops and two unlabelled ones; all target images stay among the latter.
train_dataloader = dict(dataset=dict(target=dict(ann_dir="gtFine/train", labeled=0.05)))
uda = dict(labeled=dict())
