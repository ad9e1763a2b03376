"""FADA's network with VGG-16 in place of the ResNet; its Caffe weights take grey levels minus their means, not ImageNet's normalisation."""

_base_ = "r101_fada.py"
model = dict(
    backbone=dict(_delete_=True, type="VGG"),
    pretrained="pretrained/vgg16.pth",
    decode_head=dict(in_channels=1024),
)
uda = dict(data_preprocessor=dict(type="SegDataPreprocessor", mean=(123.68, 116.779, 103.939), std=(1.0, 1.0, 1.0)))
