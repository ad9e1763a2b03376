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
    self_training_start=400,
)
