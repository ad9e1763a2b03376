"""The network of syn2cs_daformer_depth.py on the source alone, and the density of the target: ours, the first steps of study 78.

Command:   python run_experiments.py --config configs/depth_distribution/syn_source_depth.py
           with the mixtures of syn2cs_daformer_depth.py
Study:     --exp 78 --only demo.2, with the mixtures as a stage of its own; on a CPU with --demo
Published: nothing. Not trained by us on Synthia yet.
Needs:     what configs/depth_distribution/synHR2csHR_hrda_depth.py needs.
More:      docs/depth_distribution.md
"""

_base_ = ["syn2cs_daformer_depth.py"]

uda = dict(
    _delete_=True,
    type="SourceOnly",
    depth={{_base_.uda.depth}},
    # The classes of target pixels are those that the network itself predicts.
    objectives=dict(density=dict(type="TargetDensity")),
)
