"""Adversarial alignment of predictions, least-squares discriminator (AdaptSegNet, Tsai et al., CVPR 2018; HRDA, Table 2)."""

uda = dict(
    type="AdvSeg",
    discriminator_type="LS",
    lr_D=1e-4,
    lr_D_power=0.9,
    lr_D_min=0,
    # 'aux' is for networks with an auxiliary head; the published ones have none.
    lambda_adv_target=dict(main=0.001, aux=0.0002),
)
