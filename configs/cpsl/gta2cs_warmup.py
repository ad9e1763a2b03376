"""CPSL's warm-up, GTA -> Cityscapes: output-space adversarial alignment (Li et al., CVPR 2022).

Command:   python run_experiments.py --config configs/cpsl/gta2cs_warmup.py
Study:     --exp 65, the whole chain
Published: 41.4 mIoU, the released model. How long it was trained is not published. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/resnet101.pth
           (sh tools/download_checkpoints.sh resnet101).
Next:      prototypes and soft pseudo-labels of the target, then gta2cs_stage1.py:
           python tools/prepare/prototypes.py configs/cpsl/gta2cs_warmup.py CHECKPOINT --passes 4 --out data/cityscapes/cpsl/prototypes.npz
           python tools/prepare/pseudo_labels.py configs/cpsl/gta2cs_warmup.py CHECKPOINT --soft --native \
               --out data/cityscapes/cpsl/soft_labels
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/r101_cpsl.py",
    "../_base_/datasets/gta_to_cityscapes_cpsl.py",
    "../_base_/schedules/sgd_90k_cpsl.py",
]

# A discriminator of 3x3 kernels; the alignment counts 0.01, and the discriminator's Adam starts at 1e-4.
uda = dict(type="OutputAlignment")
model = dict(pretrained="pretrained/resnet101.pth")
