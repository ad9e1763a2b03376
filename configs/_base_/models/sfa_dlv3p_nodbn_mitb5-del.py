"""DeepLabV3+'s decoder on MiT-B5 (DAFormer, Table 2)."""

_base_ = ["encoders/mitb5.py", "decoders/sfa_dlv3p_nodbn.py"]
model = dict(
    # The SegFormer adapter ("sfa") enlarges the last level from 1/32 of the image to the 1/8 of a dilated ResNet.
    neck=dict(type="SegFormerAdapter"),
    decode_head={{_base_._decoder}},
)
