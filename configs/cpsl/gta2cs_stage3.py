"""CPSL, stage 3, GTA -> Cityscapes: distillation once more (Li et al., CVPR 2022, Table 1).

Command:   python run_experiments.py --config configs/cpsl/gta2cs_stage3.py
           with --cfg-options load_from=FILE uda.distilled_from=FILE, both the checkpoint of stage 2, from which the published one goes on.
Study:     --exp 65, the whole chain
Published: 60.8 mIoU, one seed, the best of all evaluations. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pseudo-labels of stage 2 in data/cityscapes/cpsl/labels.
"""

_base_ = "gta2cs_stage2.py"

model = dict(pretrained=None)
uda = dict(distilled_from="work_dirs/cpsl_stage2/latest.pth", distilled_model=None)  # a teacher like the student
