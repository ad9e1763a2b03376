"""Classifier rectification after HRDA, GTA -> Cityscapes: ours, not from a paper.

Command:   python run_experiments.py --config configs/label_shift/gtaHR2csHR_hrda_cr.py
           with --cfg-options load_from=FILE, a checkpoint of configs/hrda/gtaHR2csHR_hrda.py, ours or the released one.
Published: nothing. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data).
"""

_base_ = ["../hrda/gtaHR2csHR_hrda.py"]

# Only the classifier that both scales share is trained; encoder, fusion and scale attention stay as they are.
# The counts are those of FADA's network. Those of one's own checkpoint fit it better:
# python tools/prepare/priors.py configs/hrda/gtaHR2csHR_hrda.py CHECKPOINT --out priors.json
uda = dict(
    _delete_=True,
    type="ClassifierRectification",
    priors="configs/label_shift/priors/gta2cs_original_head.json",
    trained=["decode_head.head.conv_seg"],
)

# A short stage. Source files are drawn alike, so that the prior of the training is that of the data set.
train_dataloader = dict(dataset=dict(target=None, target_crop=None, crop_pseudo_margins=None, rare_class_sampling=None))
optim_wrapper = dict(_delete_=True, optimizer=dict(type="SGD", lr=2.5e-3, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, by_epoch=False)]
train_cfg = dict(max_iters=4000, val_interval=1000)
