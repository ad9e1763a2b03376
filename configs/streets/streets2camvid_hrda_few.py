"""HRDA, rendered streets -> photographs (CamVid), with labels of 5 % of the photographs: 18 of 367.

Command:   python run_experiments.py --config configs/streets/streets2camvid_hrda_few.py
Study:     --exp 110
Measured:  65.1 mIoU, one seed (docs/real_photographs.md)
Needs:     what streets2camvid_hrda.py needs; of the labels of CamVid, those of the 18 photographs

Another share: --cfg-options train_dataloader.dataset.target.labeled=0.1
"""

_base_ = "streets2camvid_hrda.py"

# A step sees two streets, two labelled photographs and two unlabelled ones; all photographs stay among the latter.
train_dataloader = dict(dataset=dict(target=dict(ann_dir="trainannot", labeled=0.05)))
# Cross entropy of the labelled photographs, weighted as that of the streets: by class, and in all by 1.
uda = dict(labeled=dict())
