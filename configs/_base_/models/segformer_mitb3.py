"""SegFormer on MiT-B3 (DAFormer, Table 3)."""

_base_ = ["encoders/mitb3.py", "decoders/segformer.py"]
model = dict(decode_head={{_base_._decoder}})
