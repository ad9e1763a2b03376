"""MIC on DAFormer, GTA -> Cityscapes at half resolution (Hoyer et al., CVPR 2023).

Command:   python run_experiments.py --config configs/mic/gta2cs_mic_daformer.py
Study:     --exp 81
Published: no number at hand (68.3 without masking). Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = "../daformer/gta2cs_daformer.py"

uda = dict(
    # Masked are both target crops, after the colour jitter and blur of the mixed images.
    mask_mode="separatetrgaug",
    # Blocks of 32x32 pixels at half resolution, each masked with a probability of 0.7, the default (section 3.2).
    mask_generator=dict(type="block", mask_block_size=32),
)
