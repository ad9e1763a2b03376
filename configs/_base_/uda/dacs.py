"""DACS (Tranheden et al., WACV 2021) as the baseline of DAFormer's tables, whose teacher follows its student faster.

Everything else is what :class:`mmseg.models.uda.methods.DACS` does by default: pseudo-labels that count by the share of pixels
with a confidence above 0.968, mixing by classes, colour jitter and blur of the mixed images, no feature distance.
"""

uda = dict(type="DACS", alpha=0.99)
