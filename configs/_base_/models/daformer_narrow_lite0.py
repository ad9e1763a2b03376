"""A narrow DAFormer on EfficientNet-Lite0, which starts from ImageNet weights: 3.3 million parameters."""

_base_ = ["encoders/lite0.py", "decoders/daformer_narrow.py"]
model = dict(decode_head={{_base_._decoder}})
