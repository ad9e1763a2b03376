"""DAFormer's decoder with few channels, for demos and tests."""

_base_ = "daformer_sepaspp.py"
_decoder = dict(decoder_params=dict(embed_dims=24), channels=48, dropout_ratio=0.0)
