"""Entropy minimisation on the target (MinEnt of ADVENT, Vu et al., CVPR 2019; HRDA, Table 2)."""

# For a network with an auxiliary head, whose prediction counts less: dict(main=0.001, aux=0.0002).
uda = dict(type="MinEnt", lambda_ent=dict(main=0.001))
