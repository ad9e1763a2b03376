"""Domain generalisation: supervision on the source and, for things, a distance to the features of ImageNet.

Of HRDA's extension (Hoyer et al., PAMI 2024, section 6). No target, no teacher, nothing is mixed.
"""

uda = dict(
    type="DomainGeneralization",
    # λ_FD, as in DAFormer.
    imnet_feature_dist_lambda=0.005,
    # Train ids of the things, which ImageNet shows: traffic light, traffic sign, and from person to bicycle.
    imnet_feature_dist_classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
)
