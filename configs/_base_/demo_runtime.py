"""The runtime of demo runs: they last minutes, so states, logs and pictures come more often."""

_base_ = ["default_runtime.py"]
default_hooks = dict(checkpoint=dict(interval=200))
custom_hooks = [dict(type="ResultHook"), dict(type="PictureHook", interval=400), dict(type="ClassHealthHook", interval=100)]
