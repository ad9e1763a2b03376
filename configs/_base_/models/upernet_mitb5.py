"""UPerNet's decoder on MiT-B5 (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/upernet.py"]
model = dict(decode_head={{_base_._decoder}})
