"""What is trained in an encoder: all of it, nothing, or a few parameters beside its frozen weights."""

from mmseg.models.backbones.tuning.base import Full, Tuning, build_tuning, merge_tuning
from mmseg.models.backbones.tuning.frozen import Frozen
from mmseg.models.backbones.tuning.lora import LoRA
from mmseg.models.backbones.tuning.rein import Rein
from mmseg.models.backbones.tuning.soma import SoMA

__all__ = ["Frozen", "Full", "LoRA", "Rein", "SoMA", "Tuning", "build_tuning", "merge_tuning"]
