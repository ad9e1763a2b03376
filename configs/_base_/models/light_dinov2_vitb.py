"""DINOv2 ViT-B/14 (Oquab et al., TMLR 2024) with the light decoder of VFM-UDA (arXiv 2406.09896, section 3): one level, no pyramid."""

model = dict(
    type="EncoderDecoder",
    pretrained="pretrained/vit_base_patch14_dinov2.pth",
    backbone=dict(
        type="TimmBackbone",
        name="vit_base_patch14_dinov2",
        # The last map alone, in the grid of the tokens.
        levels="last",
        # A crop of 1,024 pixels is enlarged to 1,120: 80x80 tokens.
        input_scale=1.1,
    ),
    # Four logits per token and side: 320x320 for a crop of 1,024.
    decode_head=dict(type="LightHead", in_channels=768, num_classes=19),
    # Windows vote with their probabilities.
    test_cfg=dict(mode="slide", batched_slide=True, stride=[512, 512], crop_size=[1024, 1024], average="probabilities"),
)
