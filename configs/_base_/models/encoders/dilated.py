"""What all our ResNets have in common: dilated convolutions, as in DeepLab (Chen et al., TPAMI 2018, section 3.1).

The last two stages keep the resolution of the one before them, 1/8 of the image, and widen their view by dilation.
"""

_base_ = "shared.py"
model = dict(
    backbone=dict(
        strides=[1, 2, 1, 1],
        dilations=[1, 1, 2, 4],
        contract_dilation=True,  # the first block of a dilated stage has half of its dilation, against gridding
    ),
    # What the stages give. A decoder that sees the last one alone says so itself.
    decode_head=dict(in_channels=[256, 512, 1024, 2048]),
)
