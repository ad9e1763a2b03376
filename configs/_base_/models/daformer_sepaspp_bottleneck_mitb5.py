"""DAFormer with context from the last level alone (DAFormer, Table 7)."""

_base_ = ["encoders/mitb5.py", "decoders/daformer_sepaspp_bottleneck.py"]
model = dict(
    # That level, at 1/32 of the image, is enlarged to the size of the first before the ASPP.
    neck=dict(type="SegFormerAdapter", scales=[8]),
    decode_head={{_base_._decoder}},
)
