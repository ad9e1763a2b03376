"""DeepLabV2's decoder on a ResNet of a quarter of the width."""

_base_ = "dlv2red.py"
_decoder = dict(in_channels=512)
