"""DANet's decoder (Fu et al., CVPR 2019) without BatchNorm: attention among positions and among channels of the last level."""

_decoder = dict(type="DAHead", in_channels=2048, pam_channels=64, channels=512)
