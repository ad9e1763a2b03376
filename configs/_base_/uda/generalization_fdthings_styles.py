"""Domain generalisation with style hallucination (SHADE, Zhao et al., ECCV 2022).

The encoder needs ``model.backbone.style_hallucination_cfg`` for it, and the training the hook ``_base_styles``.
"""

_base_ = "generalization_fdthings.py"

# Weight of the divergence between predictions of both styles.
uda = dict(style_consistency_lambda=10.0)

# Base styles are measured over the whole source before the training and every 4,000 iterations; samples=2000 reads fewer images.
_base_styles = dict(type="BaseStylesHook", interval=4000, samples_per_gpu=2, workers_per_gpu=6)
