"""DeepLabV2 on a dilated ResNet-101, the network of earlier UDA methods (DAFormer, Table 1; HRDA, Table 2).

Of DeepLabV2's four parallel classifiers it has the first two, as usual in adaptation ("red").
"""

norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    type="EncoderDecoder",
    pretrained="open-mmlab://resnet101_v1c",
    # Strides 1 and dilations 2 and 4 in the last stages: their maps keep 1/8 of the resolution.
    backbone=dict(
        type="ResNetV1c",
        depth=101,
        num_stages=4,
        out_indices=[0, 1, 2, 3],
        dilations=[1, 1, 2, 4],
        strides=[1, 2, 1, 1],
        norm_cfg=norm_cfg,
        norm_eval=False,
        style="pytorch",
        contract_dilation=True,
    ),
    decode_head=dict(
        type="DLV2Head",
        in_channels=2048,
        in_index=3,
        dilations=[6, 12],
        num_classes=19,
        align_corners=False,
        init_cfg=dict(type="Normal", std=0.01, override=dict(name="aspp_modules")),
        loss_decode=dict(type="CrossEntropyLoss", use_sigmoid=False, loss_weight=1.0),
    ),
    test_cfg=dict(mode="whole"),
)
