"""Depth distribution, second training, Synthia -> Mapillary with 7 classes at 640x320: cross entropy on pseudo-labels of the target alone.

Command:   python run_experiments.py --config configs/depth_distribution/syn2map7_small_selftrain.py
           with --cfg-options load_from=RUN/latest.pth, RUN being the folder of a training of syn2map7_small_adapt.py,
           and pseudo-labels that are made by
           python tools/prepare/pseudo_labels.py RUN/config.py RUN/latest.pth --out data/mapillary/pseudo_labels --threshold 0.9 \\
               --cfg-options train_dataloader.dataset.target.first=9000 \\
               --spatial-prior 100 87 50 62 57 54 54
Study:     --exp 77 --only small.2, the whole chain
Published: 60.3 mIoU, one seed. Not trained by us yet.
Needs:     what syn2map7_small_adapt.py needs, and pseudo-labels of all target images in data/mapillary/pseudo_labels.
More:      docs/depth_distribution.md
"""

_base_ = ["syn2map7_small_adapt.py"]

load_from = "work_dirs/depth_distribution_adapt/latest.pth"
uda = dict(_delete_=True, type="TargetOnly", data_preprocessor={{_base_.uda.data_preprocessor}})

# Depth and density stay in the network as they are: nothing trains them.
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type="CrossEntropyLoss", avg_non_ignore=True)))

# The target as if its pseudo-labels were its labels.
train_dataloader = dict(
    dataset=dict(
        source=dict(
            _delete_=True,
            type="MapillaryDataset",
            data_root="data/mapillary",
            img_dir="training/images",
            first=9000,
            categories=True,
            ann_dir="pseudo_labels",
        ),
        source_crop={{_base_.train_dataloader.dataset.target_crop}},
        target=None,
        target_crop=None,
    )
)

train_cfg = dict(max_iters=30000)  # of a schedule of 90,000 that starts anew
