"""SegFormer (DAFormer, Table 1)."""

_base_ = ["encoders/mitb5.py", "decoders/segformer.py"]
model = dict(decode_head={{_base_._decoder}})
