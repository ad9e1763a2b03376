"""A small DeepLabV2 for demos, trained from scratch."""

_base_ = ["encoders/resnet_tiny.py", "decoders/dlv2_tiny.py"]
model = dict(decode_head={{_base_._decoder}})
