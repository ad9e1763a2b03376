"""MIC on HRDA, Synthia -> Cityscapes at full resolution (Hoyer et al., CVPR 2023).

Command:   python run_experiments.py --config configs/mic/synHR2csHR_mic_hrda.py
Study:     --exp 80
Published: 67.3 mIoU (65.8 without masking) over the 16 classes of Synthia (mIoU.16 in the results).
           Not trained by us yet.
Needs:     data/synthia and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = "../hrda/synHR2csHR_hrda.py"

uda = dict(
    # Masked are both target crops, after the colour jitter and blur of the mixed images.
    mask_mode="separatetrgaug",
    # By default blocks of 64x64 pixels, each masked with a probability of 0.7 (section 3.2).
    mask_generator=dict(type="block"),
)
