"""DAFormer's decoder with plain instead of depthwise separable dilated convolutions (DAFormer, Table 7)."""

_base_ = ["daformer_sepaspp_mitb5.py"]
model = dict(decode_head=dict(decoder_params=dict(fusion_cfg=dict(sep=False))))
