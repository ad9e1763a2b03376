"""Classifier rectification (CR) after FADA, GTA -> Cityscapes (Liu et al., CVPR 2022, section 3.4 and Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_cr.py
           with --cfg-options load_from=FILE, the last checkpoint of gta2cs_fada.py.
Published: 49.0 mIoU, the best checkpoint on the validation data. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data).

Predictions are used as they are: --prior-correction on top of it is refused.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# The loss is cross entropy without a temperature, its mean over all pixels: the defaults.
# The counts are the published ones. Those of one's own network: tools/prepare/priors.py.
uda = dict(type="ClassifierRectification", priors="configs/label_shift/priors/gta2cs_original_head.json")

# The target is not looked at.
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
