"""MIC on HRDA, GTA -> Cityscapes at full resolution on a GPU of 12 GB: gtaHR2csHR_mic_hrda.py and levers, nothing else.

Command:   python run_experiments.py --config configs/mic/gtaHR2csHR_mic_hrda_12g.py
Levers:    bfloat16, as for 16 GB, and checkpointing of the encoder: the backward pass keeps the input of each block alone
           and computes the rest again, which takes time. For a card older than Ampere: --cfg-options precision=fp16.
           The masked pass comes after the others and needs no more memory than they do.
Memory:    Not measured on a GPU yet: python tools/benchmark.py fit configs/mic/gtaHR2csHR_mic_hrda.py --memory 12
"""

_base_ = "gtaHR2csHR_mic_hrda.py"

precision = "bf16"
model = dict(backbone=dict(with_cp=True))
