"""DAFormer with self-attention in the place of the ASPP (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/daformer_isa.py"]
model = dict(decode_head={{_base_._decoder}})
