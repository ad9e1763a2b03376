"""The HRDA network on the labelled photographs of CamVid: the oracle, upper bound of study 110.

Command:   python run_experiments.py --config configs/streets/camvid_oracle.py
Study:     --exp 110
Measured:  66.8 ± 0.3 mIoU over 3 seeds (docs/real_photographs.md)
Needs:     data/camvid with its class statistics (python tools/convert_datasets/camvid.py data/camvid),
           and pretrained/efficientnet_lite0.pth
"""

_base_ = ["streets2camvid_hrda.py"]

# Same network, iterations, starting weights and class weights as HRDA. As in all published supervised runs, images are distorted.
uda = dict(
    _delete_=True,
    type="TargetOnly",
    data_preprocessor={{_base_.uda.data_preprocessor}},
    source_class_weight={{_base_.uda.source_class_weight}},
)
train_dataloader = dict(
    dataset=dict(
        source=dict(_delete_=True, type="CamVidDataset", data_root="data/camvid", img_dir="train", ann_dir="trainannot"),
        source_crop=dict(photo_metric_distortion=True),
        target=None,
        target_crop=None,
    )
)
