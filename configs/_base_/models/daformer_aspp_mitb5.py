"""DAFormer with a plain ASPP (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/daformer_aspp.py"]
model = dict(decode_head={{_base_._decoder}})
