"""DeepLabV2, the network of earlier UDA methods (DAFormer, Table 1; HRDA, Table 2)."""

_base_ = ["encoders/r101v1c.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
