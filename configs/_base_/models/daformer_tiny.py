"""A small DAFormer for demos and tests: 0.6 million parameters, trained from scratch."""

norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    type="EncoderDecoder",
    pretrained=None,
    backbone=dict(
        type="MixVisionTransformer",
        embed_dims=[32, 48, 64, 96],
        depths=[1, 1, 2, 1],
        num_heads=[1, 2, 4, 6],
        sr_ratios=[8, 4, 2, 1],
        mlp_ratios=[4, 4, 4, 4],
        qkv_bias=True,
        drop_path_rate=0.0,
    ),
    decode_head=dict(
        type="DAFormerHead",
        in_channels=[32, 48, 64, 96],
        in_index=[0, 1, 2, 3],
        channels=48,
        dropout_ratio=0.0,
        num_classes=19,
        norm_cfg=norm_cfg,
        align_corners=False,
        decoder_params=dict(
            embed_dims=24,
            embed_cfg=dict(type="mlp", act_cfg=None, norm_cfg=None),
            embed_neck_cfg=dict(type="mlp", act_cfg=None, norm_cfg=None),
            fusion_cfg=dict(type="aspp", sep=True, dilations=(1, 6, 12, 18), pool=False, act_cfg=dict(type="ReLU"), norm_cfg=norm_cfg),
        ),
        loss_decode=dict(type="CrossEntropyLoss", use_sigmoid=False, loss_weight=1.0),
    ),
    test_cfg=dict(mode="whole"),
)
