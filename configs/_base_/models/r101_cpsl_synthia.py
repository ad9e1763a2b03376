"""CPSL's network for the 16 classes that Synthia shows."""

_base_ = "r101_cpsl.py"
model = dict(decode_head=dict(num_classes=16))
