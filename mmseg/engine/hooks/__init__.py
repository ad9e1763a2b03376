"""What happens around training and is not learning."""

from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.engine.hooks.base_styles_hook import BaseStylesHook
from mmseg.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg.engine.hooks.class_health_hook import ClassHealthHook
from mmseg.engine.hooks.guard_hook import GuardHook
from mmseg.engine.hooks.lost_class_hook import LostClassHook
from mmseg.engine.hooks.picture_hook import PictureHook
from mmseg.engine.hooks.reference_band_hook import ReferenceBandHook
from mmseg.engine.hooks.result_hook import ResultHook
from mmseg.engine.hooks.weight_average_hook import WeightAverageHook

__all__ = [
    "AnnotationRounds",
    "BaseStylesHook",
    "CheckpointHook",
    "ClassHealthHook",
    "GuardHook",
    "LostClassHook",
    "PictureHook",
    "ReferenceBandHook",
    "ResultHook",
    "WeightAverageHook",
]
