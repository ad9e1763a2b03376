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
    source_class_weight=[0.5, 1.49, 0.79, 2.42, 3.15, 2.18, 4.98, 4.65, 0.95, 1.83, 0.75, 4.31, 8.53, 1.61, 2.84, 4.39, 3.72, 7.59, 10.28],
    self_training_start=400,
)
