"""DINOv2 ViT-L/14 with SoMA, trained on GTA alone for streets it has never seen (Yun et al., CVPR 2025).

Command:   python run_experiments.py --config configs/foundation/gta_soma_dinov2_vitl.py
Published: 68.27 mIoU, mean of Cityscapes, BDD100K and Mapillary, with the decoder of Mask2Former, best of ten evaluations. Not trained by
           us; ours has DAFormer's decoder and the last state.
Targets:   docs/foundation.md, section Three unseen targets, has the command for all three and what to know before numbers are compared.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and
           pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).
"""

_base_ = "gta_rein_dinov2_vitl.py"
# The 16 smallest singular values of every linear layer from block 8 on, and its bias, with half of the decoder's rate.
model = dict(backbone=dict(tuning=dict(_delete_=True, type="SoMA", rank=16, first_block=8)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(_delete_=True, backbone=dict(lr_mult=0.5), norm=dict(decay_mult=0.0))))
param_scheduler = [
    dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, by_epoch=False),
    # The weight decay falls from 0.05 to 0.0002 of it, 0.00001, by half a cosine; what has none keeps none.
    dict(type="CosineAnnealingParamScheduler", param_name="weight_decay", eta_min_ratio=0.0002, begin=0, by_epoch=False),
]
custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # Evaluated and kept is the moving average of the weights, from there on.
    dict(type="WeightAverageHook", begin=12000),
]
