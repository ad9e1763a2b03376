"""AdaptSegNet (Tsai et al., CVPR 2018; HRDA, Table 2): target predictions that a discriminator takes for source ones."""

uda = dict(
    type="AdvSeg",
    # Weight of what the network is taught by the discriminator. For a network with an auxiliary head, whose prediction
    # counts less: dict(main=0.001, aux=0.0002).
    lambda_adv_target=dict(main=0.001),
    # The discriminator itself: least squares, and the rate that its Adam starts with.
    discriminator_type="LS",
    lr_D=1e-4,
)
