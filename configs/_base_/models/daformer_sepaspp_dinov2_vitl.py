"""DINOv2 ViT-L/14 with DAFormer's decoder."""

_base_ = ["encoders/dinov2_vitl_blocks.py", "decoders/daformer_sepaspp.py"]
model = dict(decode_head={{_base_._decoder}})
