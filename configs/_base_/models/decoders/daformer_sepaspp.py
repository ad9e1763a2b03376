"""DAFormer's decoder (Hoyer et al., CVPR 2022, section 3.2): levels embedded in equal widths, fused with context.

The context comes from an ASPP over all four levels at the size of the first: a 1x1 and three dilated 3x3 convolutions side
by side, dilated by 6, 12 and 18.
"""

_decoder = dict(
    type="DAFormerHead",
    decoder_params=dict(
        embed_dims=256,
        # A linear layer per pixel for each level, the last one ("neck") included.
        embed_cfg=dict(type="mlp"),
        embed_neck_cfg=dict(type="mlp"),
        # Depthwise separable dilated convolutions: as good as plain ones, and much smaller (Table 7).
        fusion_cfg=dict(type="aspp", sep=True, norm_cfg=dict(type="BN"), act_cfg=dict(type="ReLU")),
    ),
    channels=256,  # of the fused map, before the classifier
)
