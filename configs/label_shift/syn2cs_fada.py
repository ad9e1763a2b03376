"""FADA, Synthia -> Cityscapes with the 16 classes of Synthia (Liu et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/label_shift/syn2cs_fada.py
           with --cfg-options load_from=FILE, the last checkpoint of syn2cs_source.py.
Published: 40.9 mIoU over 16 classes, 47.5 over 13 (mIoU.13); with IA
           (configs/label_shift/priors/syn2cs_original_head.json) 42.5 and 49.5. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/synthia_to_cityscapes_fada.py",
    "../_base_/uda/fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# The source loss is taken of logits / 1.8, as the soft labels are.
model = dict(decode_head=dict(num_classes=16, loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True, temperature=1.8)))
