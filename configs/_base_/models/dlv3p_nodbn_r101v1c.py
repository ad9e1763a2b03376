"""DeepLabV3+ (Chen et al., ECCV 2018) without BatchNorm in the decoder, on a dilated ResNet-101 (DAFormer, Table 1)."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(
    decode_head=dict(
        _delete_=True,
        type="DepthwiseSeparableASPPHead",
        in_channels=2048,
        in_index=3,
        channels=512,
        dilations=[1, 12, 24, 36],
        c1_in_channels=256,
        c1_channels=48,
        dropout_ratio=0.1,
        num_classes=19,
        norm_cfg=None,
        align_corners=False,
        loss_decode=dict(type="CrossEntropyLoss", use_sigmoid=False, loss_weight=1.0),
    ),
)
