"""FADA (Wang et al., ECCV 2020): a discriminator of domains and classes looks at features, against soft labels of the network.

The defaults are the published values: the alignment counts 0.001 (``lambda_align``), soft labels are softmax(logits / 1.8), at most 0.9
(``temperature``, ``ceiling``), and the discriminator's Adam starts at 1e-4 (``lr_D``).
"""

# The rate of the discriminator falls towards 0 at iteration 62,500, as that of the network does.
uda = dict(type="FADA", lr_D_iters=62500)
