"""FADA with the modified head, GTA -> Cityscapes (Liu et al., CVPR 2022, table of heads).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_fada_modified.py
           with --cfg-options load_from=FILE, a checkpoint of the source alone (gta2cs_source.py with this model).
Published: 47.6 mIoU; with IA (configs/label_shift/priors/gta2cs_modified_head.json) 49.2, with CR 48.7. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_modified_fada.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/uda/fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# The source loss is taken of logits / 1.8, as the soft labels are.
model = dict(decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True, temperature=1.8)))
