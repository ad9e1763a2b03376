"""MIC on HRDA, GTA -> Cityscapes at full resolution on a GPU of 24 GB: gtaHR2csHR_mic_hrda.py and levers, nothing else.

Command:   python run_experiments.py --config configs/mic/gtaHR2csHR_mic_hrda_24g.py
Levers:    TF32, which multiplies float32 matrices on the tensor cores and saves no memory. None is needed for memory: the
           published code takes 22.5 GB of such a card, ours never writes the attention map down and frees the graph of a
           pass before the next one begins.
           The masked pass comes after the others and needs no more memory than they do.
Memory:    Not measured on a GPU yet: python tools/benchmark.py fit configs/mic/gtaHR2csHR_mic_hrda.py --memory 24
"""

_base_ = "gtaHR2csHR_mic_hrda.py"

precision = "tf32"
