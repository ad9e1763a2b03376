"""DeepLabV3+'s decoder on the levels of a MiT."""

_base_ = "dlv3p_nodbn.py"
_decoder = dict(in_channels=512, c1_in_channels=64)
