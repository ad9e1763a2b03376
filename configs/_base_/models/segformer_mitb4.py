"""SegFormer with the smaller encoder MiT-B4 (DAFormer, Table 3)."""

_base_ = ["segformer_mitb5.py"]
model = dict(pretrained="pretrained/mit_b4.pth", backbone=dict(type="mit_b4"))
