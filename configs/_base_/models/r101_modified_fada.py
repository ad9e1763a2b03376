"""The same with the 'modified' head of label shift adaptation: GroupNorm, squeeze-and-excitation, a 3x3 bottleneck."""

_base_ = "r101_fada.py"
model = dict(
    decode_head=dict(
        _delete_=True,
        type="SEASPPHead",
        in_channels=2048,
        channels=256,
        num_classes=19,
        align_corners=True,
    )
)
