"""FADA's network: torchvision's ResNet-101 at stride 8, its BatchNorm frozen without an epsilon, and four dilated classifiers, summed."""

model = dict(
    type="EncoderDecoder",
    backbone=dict(
        type="ResNet",
        depth=101,
        strides=[1, 2, 1, 1],
        dilations=[1, 1, 2, 4],
        contract_dilation=True,
        norm_cfg=dict(type="FrozenBN"),
        out_indices=[3],
    ),
    pretrained="pretrained/resnet101.pth",
    decode_head=dict(
        type="FADAHead",
        in_channels=2048,
        num_classes=19,
        align_corners=True,
    ),
    # Logits go from the map of the decoder straight to the native size of the label.
    test_cfg=dict(mode="whole", enlarge_once=True),
)
