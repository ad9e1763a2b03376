"""DAFormer without context in its decoder (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/daformer_conv1.py"]
model = dict(decode_head={{_base_._decoder}})
