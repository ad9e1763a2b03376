"""ISANet (DAFormer, Table 1)."""

_base_ = ["encoders/r101v1c.py", "decoders/isa_nodbn.py"]
model = dict(decode_head={{_base_._decoder}})
