"""MIC on HRDA, Cityscapes -> Dark Zurich (night) at full resolution (Hoyer et al., CVPR 2023).

Command:   python run_experiments.py --config configs/mic/csHR2dzurHR_mic_hrda.py
Study:     --exp 80
Published: 60.2 mIoU (55.9 without masking) on the test split, which only the benchmark's server evaluates (ours is
           the validation split). Not trained by us yet.
Needs:     data/cityscapes and data/dark_zurich (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = "../hrda/csHR2dzurHR_hrda.py"

uda = dict(
    # Masked are one source and one target crop (hence batch_size=2), without jitter and blur.
    mask_mode="separate",
    # By default blocks of 64x64 pixels, each masked with a probability of 0.7 (section 3.2).
    mask_generator=dict(type="block"),
)
