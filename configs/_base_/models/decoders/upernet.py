"""UPerNet's decoder (Xiao et al., ECCV 2018, section 3.1): pooled context on the last level, handed down to the finer ones."""

_decoder = dict(type="UPerHead", channels=512, norm_cfg=dict(type="BN"))
