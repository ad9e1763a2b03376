"""The terms that methods are lists of: each one student pass with its own backward."""

from mmseg.models.uda.objectives.alignment.adversarial import AlignToSource, Discriminate
from mmseg.models.uda.objectives.alignment.class_alignment import AlignClasses, DiscriminateClasses
from mmseg.models.uda.objectives.alignment.density import TargetDensity
from mmseg.models.uda.objectives.consistency.masked import MaskedConsistency
from mmseg.models.uda.objectives.distillation.distilled import DistilledSupervision
from mmseg.models.uda.objectives.distillation.feature_distillation import FeatureDistillation
from mmseg.models.uda.objectives.distillation.soft_labels import SoftLabelSupervision
from mmseg.models.uda.objectives.entropy import MinimizeEntropy
from mmseg.models.uda.objectives.feature_distance import FeatureDistance
from mmseg.models.uda.objectives.mixed import MixedSupervision
from mmseg.models.uda.objectives.prototypes import PrototypeConsistency, PrototypeSupervision
from mmseg.models.uda.objectives.rectified import RectifiedSupervision
from mmseg.models.uda.objectives.self_labelling import SelfLabelling
from mmseg.models.uda.objectives.supervised.annotated import AnnotatedSupervision
from mmseg.models.uda.objectives.supervised.labeled import LabeledSupervision
from mmseg.models.uda.objectives.supervised.source import SourceSupervision
from mmseg.models.uda.objectives.target_mixed import TargetMixedSupervision

__all__ = [
    "AlignClasses",
    "AlignToSource",
    "AnnotatedSupervision",
    "Discriminate",
    "DiscriminateClasses",
    "DistilledSupervision",
    "FeatureDistance",
    "FeatureDistillation",
    "LabeledSupervision",
    "MaskedConsistency",
    "MinimizeEntropy",
    "MixedSupervision",
    "PrototypeConsistency",
    "PrototypeSupervision",
    "RectifiedSupervision",
    "SelfLabelling",
    "SoftLabelSupervision",
    "SourceSupervision",
    "TargetDensity",
    "TargetMixedSupervision",
]
