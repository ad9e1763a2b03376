"""FADA, GTA -> Cityscapes: what label shift adaptation corrects (Wang et al., ECCV 2020; Liu et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_fada.py
           with --cfg-options load_from=FILE, the last checkpoint of gta2cs_source.py: without it, ImageNet weights and a classifier
           from scratch meet the adversarial loss from the first iteration on.
Published: 46.9 mIoU; with the correction of priors at test time (IA) 48.8:
           sh test.sh RUN --prior-correction configs/label_shift/priors/gta2cs_original_head.json
           Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data).
Next:      priors of one's own (tools/prepare/priors.py), then IA, gta2cs_cr.py or gta2cs_sd.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_fada.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/uda/fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# The source loss is taken of logits / 1.8, as the soft labels are.
model = dict(decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True, temperature=1.8)))
