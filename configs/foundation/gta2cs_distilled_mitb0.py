"""MiT-B0 with SegFormer's decoder taught by an adapted DINOv2 ViT-L/14, GTA -> Cityscapes: 3.7 million parameters in the place of 308.

Command:   python run_experiments.py --config configs/foundation/gta2cs_distilled_mitb0.py
           with --cfg-options uda.distilled_from=RUN, the folder of the teacher.
Published: nothing. Not trained by us.
Needs:     what gta2cs_distilled_lite0.py needs, with pretrained/mit_b0.pth (sh tools/download_checkpoints.sh mit_b0)

The weights of MiT are for non-commercial use alone; those of EfficientNet-Lite0 are not.
"""

_base_ = ["gta2cs_distilled_lite0.py"]

model = dict(
    _delete_=True,
    type="EncoderDecoder",
    pretrained="pretrained/mit_b0.pth",
    backbone=dict(type="mit_b0"),
    decode_head=dict(
        type="SegFormerHead",
        in_channels=[32, 64, 160, 256],
        num_classes=19,
        channels=128,
        decoder_params=dict(embed_dim=256, conv_kernel_size=1),
        norm_cfg=dict(type="BN"),
    ),
    test_cfg={{_base_.model.test_cfg}},
)
