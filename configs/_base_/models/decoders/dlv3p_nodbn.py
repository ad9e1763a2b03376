"""DeepLabV3+'s decoder (Chen et al., ECCV 2018, section 3) without BatchNorm ("nodbn"): wide context, refined with the first level.

The dilations are those for a last level at 1/8 of the image.
"""

_decoder = dict(
    type="DepthwiseSeparableASPPHead",
    in_channels=2048,
    dilations=[1, 12, 24, 36],
    # The first level is reduced, so that the context prevails.
    c1_in_channels=256,
    c1_channels=48,
    channels=512,
)
