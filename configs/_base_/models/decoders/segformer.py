"""SegFormer's decoder (Xie et al., NeurIPS 2021, section 3.2): every level through a linear layer, merged by a 1x1 convolution."""

_decoder = dict(
    type="SegFormerHead",
    decoder_params=dict(embed_dim=768, conv_kernel_size=1),
    norm_cfg=dict(type="BN"),
    channels=128,  # of a second classifier that nothing uses and released checkpoints have
)
