"""RIPU (Xie et al., CVPR 2022): supervision on the source and on the labelled pixels of the target, and two losses without labels.

The defaults are the published values: local consistency along the semantic boundaries of the source counts α1 = 0.1
(``local_consistency_lambda``), negative learning on the target α2 = 1 (``annotated=dict(negative=1.0)``); a class of a probability below
τ = 0.05 (``annotated=dict(threshold=0.05)``) is not there. The pixels are chosen by the hook ``AnnotationRounds`` of a config.
"""

uda = dict(type="RIPU")
