"""DANet's decoder (Fu et al., CVPR 2019) without BatchNorm in it, on a dilated ResNet-101 (DAFormer, Table 1)."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(
    decode_head=dict(
        _delete_=True,
        type="DAHead",
        in_channels=2048,
        in_index=3,
        channels=512,
        pam_channels=64,
        dropout_ratio=0.1,
        num_classes=19,
        norm_cfg=None,
        align_corners=False,
        loss_decode=dict(type="CrossEntropyLoss", use_sigmoid=False, loss_weight=1.0),
    ),
)
