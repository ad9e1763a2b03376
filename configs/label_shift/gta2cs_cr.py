"""Classifier rectification (CR) after FADA, GTA -> Cityscapes (Liu et al., CVPR 2022, section 3.4 and Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_cr.py
           with --load-from and the last checkpoint of gta2cs_fada.py.
Published: 49.0 mIoU, the best checkpoint on the validation data. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data).

Predictions are used as they are: --prior-correction on top of it is refused.
"""

_base_ = ["gta2cs_fada.py"]

# The published counts. Those of one's own network: tools/prepare/priors.py.
uda = dict(_delete_=True, type="ClassifierRectification", priors="configs/label_shift/priors/gta2cs_original_head.json")

# Cross entropy without temperature, mean over all pixels.
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type="CrossEntropyLoss")))

# The target is not looked at.
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
