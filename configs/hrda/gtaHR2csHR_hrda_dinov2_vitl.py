"""HRDA with a DINOv2 encoder (ViT-L/14 with registers, Oquab et al., TMLR 2024; Darcet et al., ICLR 2024).

Command:   python run_experiments.py --config configs/hrda/gtaHR2csHR_hrda_dinov2_vitl.py
Published: nothing; neither trained nor tuned by us.
Needs:     what configs/hrda/gtaHR2csHR_hrda.py needs, but instead of MiT-B5 the weights
           pretrained/dinov2_vitl14_reg4_pretrain.pth as Meta publishes them, or a file in timm's layout.
"""

_base_ = "gtaHR2csHR_hrda.py"

model = dict(
    pretrained="pretrained/dinov2_vitl14_reg4_pretrain.pth",
    backbone=dict(_delete_=True, type="TimmBackbone", name="vit_large_patch14_reg4_dinov2"),
    # Channels of the simple feature pyramid on the 1,024 of ViT-L.
    decode_head=dict(in_channels=[256, 512, 1024, 1024]),
)

# The pyramid starts untrained, as the decoder does. Tokens and position embeddings are not decayed.
optim_wrapper = dict(
    optimizer=dict(lr=1e-5),
    paramwise_cfg=dict(
        custom_keys=dict(
            pyramid=dict(lr_mult=10.0),
            pos_embed=dict(decay_mult=0.0),
            cls_token=dict(decay_mult=0.0),
            reg_token=dict(decay_mult=0.0),
        )
    ),
)
