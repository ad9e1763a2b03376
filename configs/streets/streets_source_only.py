"""The HRDA network on rendered streets alone, measured on photographs (CamVid): the lower bound of study 110.

Command:   python run_experiments.py --config configs/streets/streets_source_only.py
Study:     --exp 110
Measured:  61.0 ± 1.1 mIoU over 3 seeds (docs/real_photographs.md)
Needs:     data/streets, pretrained/efficientnet_lite0.pth, and of CamVid the validation images
"""

_base_ = ["streets2camvid_hrda.py"]

# Same network, iterations, starting weights, sampling and source loss as HRDA; only the target is left out.
uda = dict(
    _delete_=True,
    type="SourceOnly",
    data_preprocessor={{_base_.uda.data_preprocessor}},
    source_class_weight={{_base_.uda.source_class_weight}},
)
train_dataloader = dict(dataset=dict(target=None, target_crop=None))
