"""The HRDA network on 5 % of the labelled photographs of CamVid alone, without streets: 18 of 367.

Command:   python run_experiments.py --config configs/streets/camvid_few.py
Study:     --exp 110
Measured:  53.5 mIoU, two seeds (docs/real_photographs.md)
Needs:     what camvid_oracle.py needs

Another share: --cfg-options train_dataloader.dataset.source.labeled=0.1
"""

_base_ = ["camvid_oracle.py"]

# The oracle with fewer photographs: same network, iterations, sampling and loss. The 18 are drawn once, whatever the seed of the training;
# those of a larger share are these and others.
train_dataloader = dict(dataset=dict(source=dict(labeled=0.05)))
