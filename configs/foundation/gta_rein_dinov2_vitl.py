"""DINOv2 ViT-L/14 with Rein, trained on GTA alone for streets it has never seen (Wei et al., CVPR 2024).

Command:   python run_experiments.py --config configs/foundation/gta_rein_dinov2_vitl.py
Published: 66.7 mIoU on Cityscapes, 60.0 on BDD100K, with the decoder of Mask2Former and its link to the tokens, best of ten evaluations on
           Cityscapes images of 1024x512. Not trained by us; ours has DAFormer's decoder and the last state.
Targets:   docs/foundation.md, section Three unseen targets, has the command for all three and what to know before numbers are compared.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and
           pretrained/vit_large_patch14_dinov2.pth (docs/encoders.md).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_dinov2_vitl.py",
    "../_base_/datasets/gta_alone.py",
    "../_base_/schedules/adamw_peft_40k.py",
]

# Half of the full resolution, and crops of it: Cityscapes is predicted at 1024x512, in windows of 512x512.
scale = 0.5
crop_size = (512, 512)
uda = dict(type="SourceOnly")
model = dict(
    # 100 tokens of rank 16 behind every block; the encoder is frozen: checkpoints hold its SHA-256 in its place.
    backbone=dict(tuning=dict(type="Rein", tokens=100, rank=16)),
    test_cfg=dict(mode="slide", batched_slide=True, stride=[341, 341], crop_size=[512, 512]),
)
# Tokens and scales are not decayed.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(tuned=dict(decay_mult=0.0))))
# The shorter side is drawn from 256 to 1,024 pixels; smaller images are padded.
train_dataloader = dict(batch_size=4, dataset=dict(source_crop=dict(full_size=(1864, 1024), ratio_range=(0.5, 2.0), pad=True)))
default_hooks = dict(checkpoint=dict(weights="trainable"))
