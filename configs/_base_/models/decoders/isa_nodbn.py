"""ISANet's decoder (Huang et al., 2019) without BatchNorm: interlaced sparse self-attention on the last level, in cells of 8x8 pixels."""

_decoder = dict(type="ISAHead", in_channels=2048, isa_channels=256, channels=512)
