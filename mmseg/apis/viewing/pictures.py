"""What a network says about an image, as encoded pictures of one size.

Letters: K classes, (H, W) native size of the image.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.apis.predicting.inference import Prediction, mean_outputs, prediction_of
from mmseg.apis.predicting.predict import unit_map
from mmseg.models.uda import UDAMethod
from mmseg.visualization.colorize import Palette, palette_png
from mmseg.visualization.pictures.predictions import VALUE_PALETTE, value_levels

WIDEST = 1024
"""Pixels of the longer side of a picture: a page shows no more, and has to load them."""
QUALITY = 88
"""Of JPEG."""
BRANCHES = {"context": "LR", "detail": "HR"}
"""Outputs of HRDA that are predictions, by the kind of their picture."""


def predicted_pictures(model: UDAMethod, photo: np.ndarray, label: np.ndarray | None = None) -> tuple[Prediction, dict[str, bytes]]:
    """Predicts an image and draws all that there is to see.

    Args:
        model: of :func:`mmseg.apis.init_model`.
        photo: uint8 RGB [H, W, 3].
        label: uint8 [H, W] train ids and 255; None where it is not known.

    Returns:
        the prediction at native size, and files by their kind, in the order of :data:`mmseg.apis.viewing.files.KINDS`.
    """
    network = model.model
    chosen = network.known_branch(None)
    outputs = mean_outputs(model, photo, list(dict.fromkeys((chosen, *network.branches))))
    prediction = prediction_of(outputs[chosen], photo, model.classes, model.palette)
    ids = {} if label is None else {"label": label}
    ids["prediction"] = prediction.labels
    ids |= {kind: outputs[branch].argmax(dim=0).byte().cpu().numpy() for kind, branch in BRANCHES.items() if branch in outputs}
    shares = {"attention": unit_map(outputs["ATT"])} if "ATT" in outputs else {}
    shares["confidence"] = prediction.confidence
    files = {"photo": photo_jpeg(photo)}
    files |= {kind: ids_png(values, model.palette) for kind, values in ids.items()}
    return prediction, files | {kind: shares_png(values) for kind, values in shares.items()}


def small(picture: np.ndarray, interpolation: int, widest: int = WIDEST) -> np.ndarray:
    """A picture [H, W] or [H, W, 3] with at most ``widest`` pixels a side, its aspect kept; never enlarged."""
    height, width = picture.shape[:2]
    ratio = widest / max(height, width)
    if ratio >= 1:
        return picture
    return cv2.resize(picture, (max(1, round(width * ratio)), max(1, round(height * ratio))), interpolation=interpolation)


def photo_jpeg(photo: np.ndarray) -> bytes:
    """A photo, uint8 RGB [H, W, 3]."""
    pixels = cv2.cvtColor(small(photo, cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def ids_png(ids: np.ndarray, palette: Palette) -> bytes:
    """Train ids uint8 [H, W] in the colours of their classes; 255 is black."""
    return palette_png(small(ids, cv2.INTER_NEAREST), palette)


def shares_png(shares: np.ndarray) -> bytes:
    """Numbers float [H, W] in [0, 1], from dark to bright."""
    return palette_png(small(value_levels(shares), cv2.INTER_AREA), VALUE_PALETTE)
