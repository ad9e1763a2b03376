"""Photographs of any shape are predicted right: portraits, sizes that are no multiple of a stride, and some smaller than the window.

The network knows every class by its colour, so that the label follows from the image alone; what is tested lies around it: reading,
scaling to the test size, windows, HRDA's views, and the way back to the size of the label.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn

from mmseg.apis import init_model
from mmseg.datasets import FolderDataset
from mmseg.datasets.collate import collate_samples
from mmseg.registry import MODELS

COLORS = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250], [128, 128, 128], [240, 240, 20]], np.uint8)
"""RGB of the five classes."""
STRIDE = 8
SIZES = {
    "landscape": (96, 192),
    "portrait": (192, 96),
    "no multiple": (131, 207),
    "odd portrait": (203, 77),
    "smaller than the window": (40, 50),
    "lower than the window": (48, 230),
}
"""Height and width."""


class MeanColors(nn.Module):
    """An encoder of one level: the mean colour of every 8x8 pixels, the last row and column repeated to whole cells."""

    def forward(self, image: Tensor) -> list[Tensor]:
        """[B, 3, H, W] -> [[B, 3, h, w]]."""
        height, width = image.shape[2:]
        whole = F.pad(image, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")
        return [F.avg_pool2d(whole, STRIDE)]

    def init_weights(self) -> None:
        """There are none."""


HEAD = {"in_channels": 3, "in_index": 0, "channels": 3, "num_convs": 0, "concat_input": False, "num_classes": len(COLORS)}
NETWORKS = {
    "whole": {"type": "EncoderDecoder", "decode_head": dict(type="FCNHead", **HEAD), "test_cfg": {"mode": "whole"}},
    "slide": {"type": "EncoderDecoder", "decode_head": dict(type="FCNHead", **HEAD)},
    "HRDA": {
        "type": "HRDAEncoderDecoder",
        "decode_head": dict(type="HRDAHead", single_scale_head="FCNHead", fixed_attention=0.5, **HEAD),
        "hr_crop_size": (32, 32),
        "scales": [1, 0.5],
        "feature_scale": 0.5,
        "hr_slide_inference": True,
    },
}
WINDOWS = {"mode": "slide", "crop_size": (64, 64), "stride": (48, 48), "batched_slide": True}


@pytest.fixture(params=NETWORKS)
def method(request, monkeypatch):
    """A network whose logits say which class has the nearest colour."""
    monkeypatch.setitem(MODELS.module_dict, "MeanColors", MeanColors)
    network = {"backbone": {"type": "MeanColors"}, "test_cfg": WINDOWS, **NETWORKS[request.param]}
    data = {"val_dataloader": {"dataset": {"type": "CityscapesDataset"}}, "train_dataloader": {"dataset": {}}}
    method = init_model(Config({"model": network, "uda": {"type": "DACS"}, "seed": 0, **data}))
    head = method.model.decode_head
    colors = torch.from_numpy(COLORS).float()[:, :, None, None]
    nearest = method.data_preprocessor.image(colors)[:, :, 0, 0]  # normalised
    with torch.no_grad():
        classifier = getattr(head, "head", head).conv_seg
        classifier.weight.copy_(2 * nearest[:, :, None, None])
        classifier.bias.copy_(-nearest.square().sum(1))
    return method


@pytest.mark.parametrize("test_scale", [(192, 96), None])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_every_region_is_found(method, tmp_path, size, test_scale):
    """Four regions of different heights and widths; only near their borders may a mean colour be that of another class."""
    height, width = size
    label = np.zeros(size, np.uint8)
    label[: height // 3, width // 4 :] = 1
    label[height // 3 :, : width // 4] = 2
    label[height // 3 :, width // 4 :] = 3
    for folder, image in (("images", COLORS[label][..., ::-1]), ("labels", label)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "photo.png"), image)
    folders = {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels")}
    dataset = FolderDataset(**folders, classes=list("abcde"), test_scale=test_scale)
    sample = dataset[0]
    (result,) = method.test_step(collate_samples([sample]))
    scale = max(size) / max(sample["image"].shape[1:])
    band = np.ones((2 * int(3 * STRIDE * scale) + 1,) * 2, np.uint8)
    inside = cv2.dilate(label, band) == cv2.erode(label, band)
    prediction = result["prediction"].numpy()
    assert prediction.shape == size and inside.any()
    assert np.array_equal(prediction[inside], label[inside])
    assert (prediction == label).mean() > 0.8
