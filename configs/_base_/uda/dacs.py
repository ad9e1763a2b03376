"""Self-training of DACS (Tranheden et al., WACV 2021) as in DAFormer's tables: EMA teacher with α = 0.99, no feature distance."""

uda = dict(
    type="DACS",
    alpha=0.99,
    pseudo_threshold=0.968,
    pseudo_weight_ignore_top=0,
    pseudo_weight_ignore_bottom=0,
    imnet_feature_dist_lambda=0,
    imnet_feature_dist_classes=None,
    mix="class",
    blur=True,
    color_jitter_strength=0.2,
    color_jitter_probability=0.2,
)
