"""DAFormer's decoder with interlaced sparse self-attention (Huang et al., 2019) for context, in cells of 8x8 pixels."""

_base_ = "daformer_sepaspp.py"
_decoder = dict(
    decoder_params=dict(fusion_cfg=dict(_delete_=True, type="isa", norm_cfg=dict(type="BN"), act_cfg=dict(type="ReLU"))),
)
