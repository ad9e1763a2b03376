"""CPSL's warm-up, Synthia -> Cityscapes with 16 classes: output-space adversarial alignment (Li et al., CVPR 2022).

Command:   python run_experiments.py --config configs/cpsl/syn2cs_warmup.py
Study:     --exp 66, the whole chain
Published: nothing about this stage. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
Next:      prototypes and soft pseudo-labels of the target, then syn2cs_stage1.py:
           python tools/prepare/prototypes.py configs/cpsl/syn2cs_warmup.py CHECKPOINT --passes 4 \
               --out data/cityscapes/cpsl_synthia/prototypes.npz
           python tools/prepare/pseudo_labels.py configs/cpsl/syn2cs_warmup.py CHECKPOINT --soft --native \
               --out data/cityscapes/cpsl_synthia/soft_labels
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl_synthia.py",
    "../_base_/datasets/synthia_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

uda = dict(type="OutputAlignment")
model = dict(pretrained="pretrained/resnet101.pth")
