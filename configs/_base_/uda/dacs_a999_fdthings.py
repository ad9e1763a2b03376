"""DAFormer's self-training (Hoyer et al., CVPR 2022): DACS and, for things, a distance to the features of ImageNet.

The teacher keeps α = 0.999 ("a999") of itself in every update, the default.
"""

uda = dict(
    type="DACS",
    # λ_FD of section 3.3.
    imnet_feature_dist_lambda=0.005,
    # Train ids of the things, which ImageNet shows: traffic light, traffic sign, and from person to bicycle. A cell of the
    # features counts where one of them fills three quarters of it.
    imnet_feature_dist_classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
)
