"""CPSL's network: ResNet-101 at stride 8 with Caffe's strides, and the 'modified' head, whose map before the classifier has 256 channels.

Images are in [0, 1] and not normalised further.
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
        init_std=0.01,
        out_indices=[3],
    ),
    decode_head=dict(
        type="SEASPPHead",
        in_channels=2048,
        channels=256,
        num_classes=19,
        align_corners=True,
        init_std=0.01,
        loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True),  # mean over labelled pixels
    ),
)
uda = dict(data_preprocessor=dict(type="SegDataPreprocessor", mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0)))
