"""What the commands do, as functions."""

from mmseg.utils.exports import exported

HOMES = {
    "Prediction": "predicting.inference",
    "inference_model": "predicting.inference",
    "init_model": "predicting.inference",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
