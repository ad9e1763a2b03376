"""EVA-02 ViT-L/14 with SoMA, trained on GTA alone for streets it has never seen (Yun et al., CVPR 2025).

Command:   python run_experiments.py --config configs/foundation/gta_soma_eva02_vitl.py
Published: we know of no number for this encoder that we could check. Not trained by us.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and
           pretrained/eva02_large_patch14_224.pth, timm's weights mim_m38m (docs/encoders.md).

gta_soma_dinov2_vitl.py explains every setting. Mean and standard deviation are those of EVA-02, from timm.
"""

_base_ = "gta_soma_dinov2_vitl.py"
model = dict(
    pretrained="pretrained/eva02_large_patch14_224.pth",
    backbone=dict(name="eva02_large_patch14_224.mim_m38m"),
)
