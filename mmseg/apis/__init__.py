"""What the commands do, as functions."""

from mmseg.apis.predicting.inference import Prediction, inference_model, init_model

__all__ = ["Prediction", "inference_model", "init_model"]
