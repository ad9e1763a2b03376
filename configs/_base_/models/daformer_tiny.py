"""A small DAFormer for demos and tests: 0.6 million parameters, trained from scratch."""

_base_ = ["encoders/mit_tiny.py", "decoders/daformer_tiny.py"]
model = dict(decode_head={{_base_._decoder}})
