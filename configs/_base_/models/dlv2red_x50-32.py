"""DeepLabV2 on ResNeXt-50; only in the start-up tests of DAFormer."""

_base_ = ["encoders/x50-32.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
