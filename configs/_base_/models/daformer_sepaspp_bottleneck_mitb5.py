"""DAFormer's decoder with context from the last level alone (DAFormer, Table 7).

The ASPP runs on the last level, enlarged to the size of the first one; a 1x1 convolution fuses the levels.
"""

_base_ = ["daformer_sepaspp_mitb5.py"]
norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    neck=dict(type="SegFormerAdapter", scales=[8]),
    decode_head=dict(
        decoder_params=dict(
            embed_neck_cfg=dict(
                _delete_=True,
                type="rawconv_and_aspp",
                kernel_size=1,
                sep=True,
                dilations=(1, 6, 12, 18),
                pool=False,
                act_cfg=dict(type="ReLU"),
                norm_cfg=norm_cfg,
            ),
            fusion_cfg=dict(_delete_=True, type="conv", kernel_size=1, act_cfg=dict(type="ReLU"), norm_cfg=norm_cfg),
        ),
    ),
)
