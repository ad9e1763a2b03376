"""Cluster assignment of target pixels with a class marginal (CPSL, Li et al., CVPR 2022), and what it needs."""
