"""EfficientNet-Lite0 (Tan and Le, ICML 2019, without squeeze-and-excitation), 3.0 million parameters, by timm.

Its ImageNet weights are Apache-2.0: sh tools/download_checkpoints.sh efficientnet_lite0
"""

_base_ = "shared.py"
model = dict(
    # Batches of two crops have no statistics to speak of: those of ImageNet stay, for both domains and for the feature distance, whose
    # reference has them as well. Scales and shifts are trained.
    backbone=dict(type="TimmBackbone", name="tf_efficientnet_lite0", norm_eval=True),
    pretrained="pretrained/efficientnet_lite0.pth",
    # Channels at strides 4, 8, 16 and 32.
    decode_head=dict(in_channels=[24, 40, 112, 320]),
)
