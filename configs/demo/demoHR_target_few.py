"""The HRDA network on 5 % of the labelled demo target images alone (10 of 200), without a source.

Command:   python run_experiments.py --config configs/demo/demoHR_target_few.py
Measured:  not yet

Another share: --cfg-options train_dataloader.dataset.source.labeled=0.1
"""

_base_ = ["demoHR_target_only.py"]

train_dataloader = dict(dataset=dict(source=dict(labeled=0.05)))
