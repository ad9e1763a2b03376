"""DeepLabV2's decoder (Chen et al., TPAMI 2018, section 3.2): parallel dilated classifiers on the last level, summed.

Of its four classifiers, adaptation papers use the first two ("red" for reduced). Without dropout and normalisation.
"""

_decoder = dict(type="DLV2Head", in_channels=2048, dilations=[6, 12])
