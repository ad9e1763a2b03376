"""HRDA, GTA -> Cityscapes at full resolution on a GPU of 16 GB: gtaHR2csHR_hrda.py and levers, nothing else.

Command:   python run_experiments.py --config configs/hrda/gtaHR2csHR_hrda_16g.py
Levers:    bfloat16, which keeps most of what the backward pass needs in half the bytes. Weights, EMA, softmax and losses
           stay float32. For a card older than Ampere: --cfg-options precision=fp16.
Memory:    Not measured on a GPU yet: python tools/benchmark.py fit configs/hrda/gtaHR2csHR_hrda.py --memory 16
"""

_base_ = "gtaHR2csHR_hrda.py"

precision = "bf16"
