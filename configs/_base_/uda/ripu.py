"""RIPU (Xie et al., CVPR 2022): supervision on the source and on the labelled pixels of the target, and two losses without labels.

The pixels are chosen by the hook ``AnnotationRounds`` of a config.
"""

uda = dict(
    type="RIPU",
    # Weight of the local consistency of predictions along the semantic boundaries of the source (α1).
    local_consistency_lambda=0.1,
    # Weight of negative learning on the target (α2): a class of a probability below τ is not there.
    negative_learning_lambda=1.0,
    negative_threshold=0.05,
)
