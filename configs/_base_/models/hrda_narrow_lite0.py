"""The same under HRDA: context at half resolution, and a detail crop of half its sides at full resolution."""

_base_ = "daformer_narrow_lite0.py"
model = dict(
    type="HRDAEncoderDecoder",
    decode_head=dict(type="HRDAHead", single_scale_head="DAFormerHead", attention_embed_dim=64, hr_loss_weight=0.1),
)
