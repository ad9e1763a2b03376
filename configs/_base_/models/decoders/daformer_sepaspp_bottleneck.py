"""DAFormer's decoder with context from the last level alone, whose embedding ends with the ASPP; a 1x1 convolution fuses."""

_base_ = "daformer_conv1.py"
_decoder = dict(
    decoder_params=dict(
        embed_neck_cfg=dict(type="rawconv_and_aspp", sep=True, norm_cfg=dict(type="BN"), act_cfg=dict(type="ReLU")),
    ),
)
