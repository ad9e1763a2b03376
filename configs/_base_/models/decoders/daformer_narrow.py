"""DAFormer's decoder with a quarter of its width, for CPUs."""

_base_ = "daformer_sepaspp.py"
_decoder = dict(decoder_params=dict(embed_dims=64), channels=64)
