"""FADA (Wang et al., ECCV 2020): a discriminator of domains and classes looks at features, against soft labels of the network."""

uda = dict(
    type="FADA",
    lambda_adv_target=0.001,
    # Of the soft labels: softmax(logits / 1.8), at most 0.9.
    temperature=1.8,
    ceiling=0.9,
    # The discriminator's Adam. Its rate falls towards 0 at iteration 62,500, as that of the network does.
    lr_D=1e-4,
    lr_D_iters=62500,
)
