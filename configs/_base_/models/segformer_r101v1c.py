"""SegFormer's decoder on a ResNet (DAFormer, Table 2)."""

_base_ = ["encoders/r101v1c.py", "decoders/segformer.py"]
model = dict(decode_head={{_base_._decoder}})
