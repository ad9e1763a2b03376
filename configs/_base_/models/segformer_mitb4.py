"""SegFormer on MiT-B4 (DAFormer, Table 3)."""

_base_ = ["encoders/mitb4.py", "decoders/segformer.py"]
model = dict(decode_head={{_base_._decoder}})
