"""The studies by id. ``python run_experiments.py --exp ID`` runs one, ``--list`` shows all.

Their rows are data in mmseg/experiments/studies, one file a paper.
"""

from mmseg.experiments import Study
from mmseg.experiments.studies import (
    active_learning,
    cpsl,
    daformer,
    depth_distribution,
    foundation,
    generalization,
    hrda,
    label_shift,
    mic,
)
from mmseg.experiments.studies.ours import annotated, demo, depth_under_hrda, real_photographs, start_up, test_time, trust

STUDIES: dict[int, Study] = {
    # our own, on the demo domains
    0: demo.DEMO,
    # DAFormer (Hoyer et al., CVPR 2022)
    1: daformer.ARCHITECTURES,
    2: daformer.SEGFORMER_PARTS,
    3: daformer.ENCODERS,
    4: daformer.WARM_UP,
    5: daformer.TRAINING,
    6: daformer.DECODERS,
    7: daformer.ON_SYNTHIA,
    8: daformer.ADVERSE_CONDITIONS,
    # HRDA (Hoyer et al., ECCV 2022)
    40: hrda.HRDA_RESULTS,
    41: hrda.OTHER_METHODS,
    42: hrda.CROP_SIZES,
    43: hrda.ORACLE_CROP_SIZES,
    44: hrda.COMPONENTS,
    49: hrda.ADVERSE_CONDITIONS,
    # HRDA's extension (Hoyer et al., PAMI 2024)
    50: generalization.GENERALIZATION,
    # label shift adaptation (Liu et al., CVPR 2022)
    60: label_shift.GTA_TO_CITYSCAPES,
    61: label_shift.SYNTHIA_TO_CITYSCAPES,
    # CPSL (Li et al., CVPR 2022)
    65: cpsl.GTA_TO_CITYSCAPES,
    66: cpsl.SYNTHIA_TO_CITYSCAPES,
    67: cpsl.OURS,
    # RIPU (Xie et al., CVPR 2022)
    70: active_learning.GTA_TO_CITYSCAPES,
    71: active_learning.SYNTHIA_TO_CITYSCAPES,
    72: active_learning.ABLATION,
    73: active_learning.WITHOUT_SOURCE,
    # ours: self-training with a few labels
    74: annotated.SELF_TRAINING,
    # depth distribution (Wu and Liu, NeurIPS 2022)
    75: depth_distribution.SIXTEEN_CLASSES,
    76: depth_distribution.SEVEN_CLASSES,
    77: depth_distribution.ON_MAPILLARY,
    # ours: the same with self-training on mixed images
    78: depth_under_hrda.OURS,
    # MIC (Hoyer et al., CVPR 2023)
    80: mic.MIC_RESULTS,
    81: mic.OTHER_METHODS,
    82: mic.MASKED_DOMAINS,
    83: mic.COMPONENTS,
    84: mic.MASKS,
    85: mic.SUPERVISED,
    # start-up tests of two iterations
    100: start_up.NETWORKS,
    101: start_up.TRAININGS,
    # ours: photographs of real streets
    110: real_photographs.STREETS_TO_CAMVID,
    # foundation encoders (Englert et al., 2024; Wei et al., CVPR 2024; Yun et al., CVPR 2025), and ours
    120: foundation.FOUNDATION,
    # ours: numbers that can be trusted
    130: trust.TRUST,
    131: test_time.TEST_TIME,
}
