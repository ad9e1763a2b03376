"""DAFormer's decoder with plain dilated convolutions."""

_base_ = "daformer_sepaspp.py"
_decoder = dict(
    decoder_params=dict(fusion_cfg=dict(_delete_=True, type="aspp", norm_cfg=dict(type="BN"), act_cfg=dict(type="ReLU"))),
)
