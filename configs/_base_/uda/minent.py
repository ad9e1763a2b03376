"""Entropy minimisation on the target (Vu et al., CVPR 2019; HRDA, Table 2)."""

uda = dict(
    type="MinEnt",
    # 'aux' is for networks with an auxiliary head; the published ones have none.
    lambda_ent=dict(main=0.001, aux=0.0002),
)
