"""Classifier rectification (CR) after FADA, Synthia -> Cityscapes with 16 classes (Liu et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/label_shift/syn2cs_cr.py
           with --cfg-options load_from=FILE, the last checkpoint of syn2cs_fada.py.
Published: 43.0 mIoU over 16 classes, 50.1 over 13 (mIoU.13). Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data).

Predictions are used as they are: --prior-correction on top of it is refused.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/synthia_to_cityscapes_fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# The loss is cross entropy without a temperature, its mean over all pixels: the defaults.
# The counts are the published ones. Those of one's own network: tools/prepare/priors.py.
uda = dict(type="ClassifierRectification", priors="configs/label_shift/priors/syn2cs_original_head.json")

model = dict(decode_head=dict(num_classes=16))

# The target is not looked at.
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
