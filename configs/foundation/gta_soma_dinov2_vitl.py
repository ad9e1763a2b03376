"""DINOv2 ViT-L/14 with SoMA, trained on GTA alone for streets it has never seen (Yun et al., CVPR 2025).

Command:   python run_experiments.py --config configs/foundation/gta_soma_dinov2_vitl.py
Published: 68.27 mIoU, mean of Cityscapes, BDD100K and Mapillary, with the decoder of Mask2Former, best of ten evaluations. Not trained by
           us; ours has DAFormer's decoder, the last state, and a constant weight decay.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and
           pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).
"""

_base_ = "gta_rein_dinov2_vitl.py"
# The 16 smallest singular values of every linear layer from block 8 on, and its bias, with half of the decoder's rate.
model = dict(backbone=dict(tuning=dict(_delete_=True, type="SoMA", rank=16, first_block=8)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(_delete_=True, backbone=dict(lr_mult=0.5), norm=dict(decay_mult=0.0))))
