"""RIPU (Xie et al., CVPR 2022): supervision on the source and on the labelled pixels of the target, and two losses without labels.

The pixels are chosen by the hook ``AnnotationRounds`` of a config.
"""

uda = dict(
    type="RIPU",
    # Weight of the local consistency of predictions along the semantic boundaries of the source (α1).
    local_consistency_lambda=0.1,
    # Beside the supervision on what is labelled of the target: weight of negative learning on all of it (α2), for which a class
    # of a probability below τ is not there.
    annotated=dict(negative=1.0, threshold=0.05),
)
