"""VFM-UDA++ with DINOv2 ViT-L/14, GTA -> Cityscapes (Englert et al., arXiv 2503.10685).

Command:   python run_experiments.py --config configs/foundation/gta2cs_vfmuda_plus_dinov2_vitl.py
Published: 79.8 mIoU, from an adapter that was trained on ImageNet; 30 hours on 4 H100. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data), pretrained/vit_large_patch14_dinov2.pth and
           pretrained/vit_large_patch14_reg4_dinov2.pth (docs/encoders.md).

Every setting that is not here is that of gta2cs_vfmuda_dinov2_vitb.py. docs/foundation.md says what differs from the paper.
"""

_base_ = "gta2cs_vfmuda_dinov2_vitl.py"

# The adapter's batches are small: on several GPUs they are normalised together.
sync_batchnorm = True
model = dict(
    # Convolutions beside the transformer give levels at strides 4 to 32. No mask token: see the masks below.
    backbone=dict(_delete_=True, type="TimmBackbone", name="vit_large_patch14_dinov2", levels="adapter", input_scale=1.1),
    # From the coarsest level down to the finest, half as many channels at each.
    decode_head=dict(_delete_=True, type="TopDownHead", in_channels=[1024, 1024, 1024, 1024], num_classes=19),
)
uda = dict(
    # Of the source, and of the target that a source is pasted on: much stronger than VFM-UDA's.
    weak_augment=dict(
        color_jitter=(0.8, 0.8, 0.8, 0.4), jitter_probability=0.8, grey_probability=0.1, blur_probability=0.5, sigma=(0.15, 3.0)
    ),
    # Hidden tokens would not be hidden from the adapter, which looks at the image: blocks of 64 of the 1,120 pixels of an enlarged crop.
    mask_generator=dict(type="block", mask_block_size=58),
    # The coarsest level imitates 29x29 tokens of the frozen encoder with registers, on both domains, with a weight of 0.1 each.
    feature_distillation=dict(
        name="vit_large_patch14_reg4_dinov2", pretrained="pretrained/vit_large_patch14_reg4_dinov2.pth", input_scale=0.4
    ),
)
optim_wrapper = dict(
    # A fifth of VFM-UDA's; adapter and decoder 2.83e-5 with 8 crops of a domain.
    optimizer=dict(lr=1e-5),
    paramwise_cfg=dict(
        # The transformer has a tenth in its last block, and 0.9 of that of the block above in every other one.
        layer_decay=0.9,
        custom_keys={"backbone.adapter": dict(lr_mult=1.0)},
    ),
)
