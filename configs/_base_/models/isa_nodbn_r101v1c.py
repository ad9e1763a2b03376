"""Interlaced sparse self-attention (Huang et al., 2019) without BatchNorm in the decoder, on a dilated ResNet-101 (DAFormer, Table 1)."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(
    decode_head=dict(
        _delete_=True,
        type="ISAHead",
        in_channels=2048,
        in_index=3,
        channels=512,
        isa_channels=256,
        down_factor=[8, 8],
        dropout_ratio=0.1,
        num_classes=19,
        norm_cfg=None,
        align_corners=False,
        loss_decode=dict(type="CrossEntropyLoss", use_sigmoid=False, loss_weight=1.0),
    ),
)
