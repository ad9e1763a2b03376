"""CPSL, stage 3, Synthia -> Cityscapes with 16 classes: distillation once more (Li et al., CVPR 2022, Table 2).

Command:   python run_experiments.py --config configs/cpsl/syn2cs_stage3.py
           with --cfg-options load_from=FILE uda.distilled_from=FILE, both the checkpoint of stage 2, from which the published one goes on.
Study:     --exp 66, the whole chain
Published: 57.9 mIoU over 16 classes, 65.3 over 13 (mIoU.13), one seed. Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data) and pseudo-labels of stage 2 in data/cityscapes/cpsl_synthia/labels.
"""

_base_ = "syn2cs_stage2.py"

model = dict(pretrained=None)
uda = dict(distilled_from="work_dirs/cpsl_synthia_stage2/latest.pth", distilled_model=None)
