"""Self-training of DAFormer: DACS, EMA teacher with α = 0.999, feature distance on things."""

uda = dict(
    type="DACS",
    alpha=0.999,
    pseudo_threshold=0.968,
    pseudo_weight_ignore_top=0,
    pseudo_weight_ignore_bottom=0,
    imnet_feature_dist_lambda=0.005,
    imnet_feature_dist_classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
    imnet_feature_dist_scale_min_ratio=0.75,
    mix="class",
    blur=True,
    color_jitter_strength=0.2,
    color_jitter_probability=0.2,
)
