"""HRDA's network adapted without the source, on the demo domains: self-training on target crops that are mixed with each other.

Command:   python run_experiments.py --config configs/demo/demoHR2demoHR_source_free.py
Study:     --exp 131
Measured:  not yet (docs/trust.md, Test time)
Needs:     a network of the source, which takes about 5 minutes on 2 CPU cores, once:
           python tools/train.py configs/demo/demoHR_source_only.py --work-dir work_dirs/demo_source

--exp 131 --only free trains both. No image of the source changes what is learned.
"""

_base_ = ["demoHR2demoHR_hrda.py"]

uda = dict(_delete_=True, type="SourceFree", distilled_from="work_dirs/demo_source")
load_from = "work_dirs/demo_source/latest.pth"
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
