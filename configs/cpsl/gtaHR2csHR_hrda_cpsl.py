"""HRDA whose teacher is corrected by prototypes that label themselves, GTA -> Cityscapes: ours, not from a paper.

Command:   python run_experiments.py --config configs/cpsl/gtaHR2csHR_hrda_cpsl.py
Study:     --exp 67
Published: nothing (HRDA alone: 73.8; CPSL with DeepLabV2: 60.8). Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
More:      docs/cpsl.md
"""

_base_ = ["../hrda/gtaHR2csHR_hrda.py"]

uda = dict(
    labeling=[
        # The teacher's probabilities times those of the prototypes. They are means of its own features, up to iteration 2,000; then
        # pixels that are drawn by class label themselves, under shares of the classes that follow the predictions.
        dict(
            type="PrototypeRectification",
            start=2000,
            temperature=0.08,
            self_labelling=dict(samples=256, memory=16384, sampling="class", marginal="moving"),
        ),
        dict(type="ConfidenceShare", threshold=0.968),
    ],
    # What trains the prototypes; it needs no pass of the student.
    objectives=dict(self_labelling=dict(type="SelfLabelling", weight=0.1)),
)
