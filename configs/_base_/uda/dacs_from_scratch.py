"""DACS for a short schedule from scratch.

What it needs beyond the papers: source-only iterations before self-training starts, because the first pseudo-labels of a
network without pretraining are noise.
"""

uda = dict(type="DACS", alpha=0.99, pseudo_threshold=0.95, self_training_start=400)
