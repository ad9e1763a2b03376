"""MIC on HRDA, GTA -> Cityscapes at full resolution (Hoyer et al., CVPR 2023).

Command:   python run_experiments.py --config configs/mic/gtaHR2csHR_mic_hrda.py
Study:     --exp 80
Published: 75.9 mIoU (73.8 without masking). Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = "../hrda/gtaHR2csHR_hrda.py"

uda = dict(
    # Masked are both target crops, after the colour jitter and blur of the mixed images.
    mask_mode="separatetrgaug",
    # By default blocks of 64x64 pixels, each masked with a probability of 0.7 (section 3.2).
    mask_generator=dict(type="block"),
)
