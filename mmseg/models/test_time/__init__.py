"""Methods that go on adapting a trained network to the images that it predicts, without labels and without the source."""

from mmseg.models.test_time.base import OnlineAdaptation, build_online
from mmseg.models.test_time.batch_norm import BatchNormAdaptation
from mmseg.models.test_time.cotta import CoTTA
from mmseg.models.test_time.mic import OnlineMIC
from mmseg.models.test_time.source import Source
from mmseg.models.test_time.tent import Tent

__all__ = ["BatchNormAdaptation", "CoTTA", "OnlineAdaptation", "OnlineMIC", "Source", "Tent", "build_online"]
