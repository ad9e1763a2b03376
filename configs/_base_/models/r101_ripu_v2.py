"""RIPU's DeepLabV2: the network of FADA, its loss averaged over labelled pixels; the mirror image is looked at as well at test time."""

_base_ = "r101_fada.py"

model = dict(
    decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True)),
    test_cfg=dict(flip=True),
)
