"""UPerNet's decoder with as many channels as DAFormer's."""

_base_ = "upernet.py"
_decoder = dict(channels=256)
