"""DeepLabV2 on ResNeSt-50 (DAFormer, Table 3)."""

_base_ = ["encoders/s50.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
