"""DACS for a short schedule from scratch.

What it needs beyond the papers, off in the published configs: class weights on the source loss (rare
classes appear at all), and source-only iterations before self-training starts (the first pseudo-labels
of a network without pretraining are noise).
"""

uda = dict(
    type="DACS",
    alpha=0.99,
    pseudo_threshold=0.95,
    blur=True,
    color_jitter_strength=0.2,
    color_jitter_probability=0.2,
    # Frequency^-0.5 of the 19 classes in the demo source, scaled so that the mean over pixels is 1.
    source_class_weight=[0.5, 1.33, 0.76, 2.15, 2.64, 3.03, 5.48, 5.44, 1.01, 1.56, 0.74, 4.1, 8.73, 1.68, 2.38, 4.6, 2.96, 5.71, 9.43],
    self_training_start=400,
)
