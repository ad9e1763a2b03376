"""The methods, one file each: a short preset of objectives over the shared step."""

from mmseg.models.uda.methods.alignment.adv_ent import AdvEnt
from mmseg.models.uda.methods.alignment.adv_seg import AdvSeg
from mmseg.models.uda.methods.alignment.depth_distribution import DepthDistribution
from mmseg.models.uda.methods.alignment.fada import FADA
from mmseg.models.uda.methods.alignment.output_alignment import OutputAlignment
from mmseg.models.uda.methods.cpsl import CPSL, CPSLDistillation
from mmseg.models.uda.methods.dacs import DACS
from mmseg.models.uda.methods.distillation import Distillation
from mmseg.models.uda.methods.generalization import DomainGeneralization
from mmseg.models.uda.methods.min_ent import MinEnt
from mmseg.models.uda.methods.rectification import ClassifierRectification
from mmseg.models.uda.methods.ripu import RIPU
from mmseg.models.uda.methods.source_free import SourceFree
from mmseg.models.uda.methods.supervised import SourceOnly, TargetOnly

__all__ = [
    "CPSL",
    "DACS",
    "FADA",
    "RIPU",
    "AdvEnt",
    "AdvSeg",
    "CPSLDistillation",
    "ClassifierRectification",
    "DepthDistribution",
    "Distillation",
    "DomainGeneralization",
    "MinEnt",
    "OutputAlignment",
    "SourceFree",
    "SourceOnly",
    "TargetOnly",
]
