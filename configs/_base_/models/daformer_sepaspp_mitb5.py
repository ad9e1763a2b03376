"""DAFormer's network, which is also that of HRDA and MIC (DAFormer, section 3.2)."""

_base_ = ["encoders/mitb5.py", "decoders/daformer_sepaspp.py"]
model = dict(decode_head={{_base_._decoder}})
