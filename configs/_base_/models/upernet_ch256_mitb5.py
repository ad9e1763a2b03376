"""UPerNet's decoder of 256 channels on MiT-B5 (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/upernet_ch256.py"]
model = dict(decode_head={{_base_._decoder}})
