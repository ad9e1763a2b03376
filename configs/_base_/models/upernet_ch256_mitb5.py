"""UPerNet's decoder with the 256 channels of DAFormer's, on MiT-B5 (DAFormer, Table 7)."""

_base_ = ["upernet_mitb5.py"]
model = dict(decode_head=dict(channels=256))
