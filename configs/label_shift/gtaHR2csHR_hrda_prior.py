"""HRDA whose teacher is corrected for the target's class priors before it labels, GTA -> Cityscapes: ours, not from a paper.

Command:   python run_experiments.py --config configs/label_shift/gtaHR2csHR_hrda_prior.py
Published: nothing. Not trained by us yet on these data; on demo streets the estimate ran away with the labels that it had corrected
           (docs/label_shift.md): watch the shares of the pseudo-labels, or leave momentum out.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = ["../hrda/gtaHR2csHR_hrda.py"]

uda = dict(
    labeling=[
        # The target's prior starts as FADA's network counted it and follows what the teacher sees in its crops.
        dict(
            type="PriorCorrection",
            priors="configs/label_shift/priors/gta2cs_original_head.json",
            momentum=0.999,
            bound=2.0,
        ),
        dict(type="ConfidenceShare", threshold=0.968),
    ]
)
