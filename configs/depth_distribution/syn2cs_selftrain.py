"""Depth distribution, second training, Synthia -> Cityscapes with 16 classes: cross entropy on pseudo-labels of the target alone.

Command:   python run_experiments.py --config configs/depth_distribution/syn2cs_selftrain.py
           with --cfg-options load_from=RUN/latest.pth, RUN being the folder of a training of syn2cs_adapt.py,
           and pseudo-labels that are made by
           python tools/prepare/pseudo_labels.py RUN/config.py RUN/latest.pth --out data/cityscapes/pseudo_labels --threshold 0.9 \\
               --spatial-prior 3165 3311 5000 89 89 219 50 61 1788 1202 762 123 730 302 78 81
Study:     --exp 75 --only 2.2, the whole chain
Published: 48.2 mIoU over 16 classes, 55.5 over 13 (mIoU.13), 47.6 without the spatial prior, one seed. Not trained by us yet.
Needs:     what syn2cs_adapt.py needs, and pseudo-labels of all target images in data/cityscapes/pseudo_labels.
More:      docs/depth_distribution.md
"""

_base_ = ["syn2cs_adapt.py"]

load_from = "work_dirs/depth_distribution_adapt/latest.pth"
uda = dict(_delete_=True, type="TargetOnly", data_preprocessor={{_base_.uda.data_preprocessor}})

# Depth and density stay in the network as they are: nothing trains them.
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type="CrossEntropyLoss", avg_non_ignore=True)))

# The target as if its pseudo-labels were its labels.
train_dataloader = dict(
    dataset=dict(
        source=dict(
            _delete_=True,
            type="CityscapesDataset",
            data_root="data/cityscapes",
            img_dir="leftImg8bit/train",
            classes={{_base_.val_dataloader.dataset.classes}},
            ann_dir="pseudo_labels",
        ),
        source_crop={{_base_.train_dataloader.dataset.target_crop}},
        target=None,
        target_crop=None,
    )
)

train_cfg = dict(max_iters=30000)  # of a schedule of 90,000 that starts anew
