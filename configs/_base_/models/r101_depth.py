"""The network of depth distribution: ResNet-101 at stride 8 with Caffe's strides, four dilated classifiers that are summed, and branches
for depth and density on the same level.

As published, BatchNorm normalises with the statistics of its batch of one image, and collects them for the evaluation; what it
multiplies and adds stays that of the file.
"""

model = dict(
    type="EncoderDecoder",
    backbone=dict(
        type="ResNet",
        depth=101,
        style="caffe",
        strides=[1, 2, 1, 1],
        dilations=[1, 1, 2, 4],  # of all blocks of the third and of the fourth stage
        pool_ceil_mode=True,
        bgr=True,
        norm_cfg=dict(type="BN", requires_grad=False),
        init_std=0.01,
        out_indices=[3],
    ),
    # Weights that DeepLab's authors trained on ImageNet, as AdaptSegNet and AdvEnt share them:
    # docs/depth_distribution.md, Weights.
    pretrained="pretrained/DeepLab_resnet_pretrained_imagenet.pth",
    decode_head=dict(
        type="FADAHead",
        in_channels=2048,
        num_classes=16,
        align_corners=True,
        loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True),  # mean over labelled pixels
    ),
    depth_head=dict(type="DepthDensityHead", in_channels=2048),
    # Logits go from the map of the decoder straight to the native size of the label.
    test_cfg=dict(mode="whole", enlarge_once=True),
)
uda = dict(data_preprocessor=dict(type="SegDataPreprocessor", mean=(122.67891434, 116.66876762, 104.00698793), std=(1.0, 1.0, 1.0)))
