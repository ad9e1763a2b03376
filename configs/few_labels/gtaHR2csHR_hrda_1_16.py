"""HRDA, GTA -> Cityscapes at full resolution, with labels of 1/16 of the Cityscapes images: 186 of 2,975. Not from a paper.

Command:   python run_experiments.py --config configs/few_labels/gtaHR2csHR_hrda_1_16.py
Needs:     what configs/hrda/gtaHR2csHR_hrda.py needs, and data/cityscapes/lists/cityscapes_1_16.txt
           (docs/few_labels.md says where it is got). Not trained by us.
"""

_base_ = ["../hrda/gtaHR2csHR_hrda.py"]

# 'cityscapes_1_8', '_1_4', '_1_2', '_100', '_200' and '_500' are known as well; 0.05 or 186 draw images that no list names.
train_dataloader = dict(dataset=dict(target=dict(ann_dir="gtFine/train", labeled="cityscapes_1_16")))
# Weight 1, as many labelled target crops as source crops (Englert et al., CVPR workshops 2025).
uda = dict(labeled=dict(weight=1.0))
