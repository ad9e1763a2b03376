"""DAFormer's decoder without context: a 1x1 convolution fuses the levels."""

_base_ = "daformer_sepaspp.py"
_decoder = dict(
    decoder_params=dict(fusion_cfg=dict(_delete_=True, type="conv", norm_cfg=dict(type="BN"), act_cfg=dict(type="ReLU"))),
)
