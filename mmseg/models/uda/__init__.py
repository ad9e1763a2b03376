"""Domain adaptation: one shared training step, small parts, methods as short lists of objectives."""

from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.methods import (
    CPSL,
    DACS,
    FADA,
    RIPU,
    AdvEnt,
    AdvSeg,
    ClassifierRectification,
    CPSLDistillation,
    DepthDistribution,
    Distillation,
    MinEnt,
    OutputAlignment,
    SourceFree,
    SourceOnly,
    TargetOnly,
)
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.annotations import AnnotationOverride
from mmseg.models.uda.pseudo_labels.confidence import ConfidenceShare
from mmseg.models.uda.pseudo_labels.margins import IgnoreRows
from mmseg.models.uda.pseudo_labels.prior_correction import PriorCorrection
from mmseg.models.uda.pseudo_labels.prototype_rectification import PrototypeRectification
from mmseg.models.uda.pseudo_labels.spatial_prior import SpatialPrior

__all__ = [
    "CPSL",
    "DACS",
    "FADA",
    "RIPU",
    "AdvEnt",
    "AdvSeg",
    "AnnotationOverride",
    "CPSLDistillation",
    "ClassifierRectification",
    "ConfidenceShare",
    "DepthDistribution",
    "Distillation",
    "IgnoreRows",
    "MinEnt",
    "OutputAlignment",
    "Preset",
    "PriorCorrection",
    "PrototypeRectification",
    "SourceFree",
    "SourceOnly",
    "SpatialPrior",
    "TargetOnly",
    "UDAMethod",
]
