"""MIC on HRDA on the demo domains, from scratch on a CPU.

Command:   python run_experiments.py --config configs/demo/demoHR2demoHR_mic_hrda.py
Study:     --exp 130
Measured:  not yet (docs/trust.md, study 130)
"""

_base_ = "demoHR2demoHR_hrda.py"

uda = dict(
    # Masked are both target crops, after the colour jitter and blur of the mixed images.
    mask_mode="separatetrgaug",
    # Published are blocks of 64 pixels in images of 2048x1024; demo images are a quarter as wide. As published, 70 % are masked.
    mask_generator=dict(type="block", mask_block_size=16),
)
