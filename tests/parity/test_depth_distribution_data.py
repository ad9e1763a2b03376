"""How the published code of Wu and Liu (NeurIPS 2022) reads images, labels and depth, against its records."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mmseg.datasets import CityscapesDataset, MapillaryDataset, SynthiaDataset, transforms
from mmseg.datasets.classes.groups import SYNTHIA_ABSENT
from mmseg.datasets.classes.names import CLASSES, IGNORE, LABEL_MAP, class_lut, train_id_lut
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.finishing import finish_image, finish_mask
from mmseg.datasets.kinds.synthia import LABEL_MAP as SYNTHIA_MAP
from mmseg.datasets.reading.depth_files import inverse_depth, read_raw_depth
from mmseg.datasets.transforms import EvaluationSize
from mmseg.evaluation import IoUMetric
from mmseg.structures import Box
from tests.parity.records import assert_close, parametrize

FOLDER = "methods/depth_distribution"
UNLABELED_66 = 65  # the last class of Mapillary, which label padding has in the published code


@parametrize(f"{FOLDER}/depth_reading*")
def test_depth_files(record, tmp_path):
    """One channel, three equal ones, and others, which OpenCV turns into grey; resampled before they are inverted."""
    width, height = record.info["config"]["labels_size_wh"]
    raw = record.tensors["raw"].numpy().astype(np.uint16)
    files = {"z": raw, "z_3ch_equal": np.dstack([raw] * 3), "z_3ch": record.tensors["raw_3ch_bgr"].numpy().astype(np.uint16)}
    for key, pixels in files.items():
        path = tmp_path / f"{key}.png"
        assert cv2.imwrite(str(path), pixels)
        depth = inverse_depth(transforms.resize_label(read_raw_depth(path), (height, width)))
        assert_close(record, key, torch.from_numpy(depth), rtol=0, atol=0)
    assert np.array_equal(read_raw_depth(tmp_path / "z_3ch.png"), record.tensors["gray"].numpy())


@parametrize(f"{FOLDER}/nearest_index*")
def test_nearest_neighbours(record):
    """Labels by Pillow, depth by OpenCV: which pixel of the file each pixel is."""
    ways = {"pillow": transforms.resize_nearest, "pillow_small": transforms.resize_nearest, "opencv": transforms.resize_label}
    for way in ways.keys() & record.info.keys():
        for sides, expected in record.info[way].items():
            before, after = map(int, sides.split("->"))
            pixels = np.arange(before, dtype=np.uint16 if way == "opencv" else np.int32)
            row, column = ways[way](pixels[None], (1, after))[0], ways[way](pixels[:, None], (after, 1))[:, 0]
            assert row.tolist() == column.tolist() == expected, (way, sides)


@parametrize(f"{FOLDER}/image_preprocess*")
def test_images(record):
    """Pillow's bicubic filter to the input size, whatever the aspect ratio; B, G, R minus the mean."""
    width, height = record.info["config"]["size_wh"]
    image = record.tensors["image"].numpy()[..., ::-1]
    resized = transforms.RESIZING["bicubic"](image, (height, width))
    assert np.array_equal(resized[..., ::-1], record.tensors["resized_rgb"].numpy())
    centred = resized.astype(np.float32) - np.float32(record.info["config"]["mean_bgr"])
    assert_close(record, "out_bgr", torch.from_numpy(centred.transpose(2, 0, 1)), rtol=0, atol=1e-5)


def known_classes(pairs) -> dict[int, int]:
    """A recorded map, {raw id: class} or a list of [raw id, (name,) class], without what is ignored."""
    pairs = pairs.items() if isinstance(pairs, dict) else [(pair[0], pair[-1]) for pair in pairs]
    return {int(raw): index for raw, index in pairs if index != IGNORE}


@parametrize(f"{FOLDER}/class_maps*")
def test_class_maps(record):
    """Every raw id of the three data sets: 7 categories from raw ids, and 16 of the 19 classes from train ids."""
    kinds = {"synthia_7": SynthiaDataset, "cityscapes_7": CityscapesDataset, "mapillary_7": MapillaryDataset}
    for key in kinds.keys() & record.info.keys():
        assert recorded(kinds[key].raw_categories.lut) == known_classes(record.info[key]), key
    sixteen = class_lut(CLASSES, [name for name in CLASSES if name not in SYNTHIA_ABSENT])
    for key, label_map in {"synthia_16": SYNTHIA_MAP, "cityscapes_16": LABEL_MAP}.items():
        if key in record.info:
            assert recorded(sixteen[train_id_lut(label_map)]) == known_classes(record.info[key]), key


def recorded(lut: np.ndarray) -> dict[int, int]:
    """A table of ours, [256], in the form of :func:`known_classes`."""
    return {raw: int(index) for raw, index in enumerate(lut) if index != IGNORE}


@parametrize(f"{FOLDER}/mapillary_resize*")
def test_mapillary_fits_into_the_input(record):
    """Training crops and evaluation samples alike: what fits in, sides rounded down, the rest black and without a label."""
    for number, case in enumerate(record.info["cases"]):
        width, height = case["target_wh"]
        image, label = (record.tensors[f"{number}.{name}"].numpy() for name in ("image", "label"))
        expected = {name: record.tensors[f"{number}.{name}_out"].numpy() for name in ("image", "label")}
        known = expected["label"] != UNLABELED_66
        train_ids = np.where(label == UNLABELED_66, IGNORE, label).astype(np.uint8)

        options = CropOptions(
            img_scale=(width, height), crop_size=(height, width), keep_ratio="fit", pad="black", interpolation="bicubic", flip_prob=0.0
        )
        size = options.scaled(label.shape, 1.0)
        crop = finish_image(options.cut(image[..., ::-1], size, Box(0, size[0], 0, size[1])), options.crop_size, False, black=True)
        assert np.array_equal(crop["image"].permute(1, 2, 0), expected["image"]) and crop["size"].tolist() == [height, width]
        cut = finish_mask(options.resize_label(train_ids, size), options.crop_size, False, fill=IGNORE).numpy()

        evaluated = EvaluationSize((width, height), "pad")
        resized = transforms.RESIZING["bicubic"](image, evaluated.resized(label.shape))
        assert np.array_equal(evaluated.pad_image(resized), expected["image"])
        for found in (cut, evaluated.label(train_ids)):
            assert np.array_equal(found[known], expected["label"][known]) and (found[~known] == IGNORE).all()


@parametrize(f"{FOLDER}/evaluation*")
def test_evaluation(record):
    """A class that is nowhere is left out of the mean."""
    names = [f"class {index}" for index in range(len(record.tensors["iou"]))]
    metric = IoUMetric(classes=names)
    metric.dataset_meta = {}
    metric.process(None, [{"label": record.tensors["gt"], "prediction": record.tensors["pred"]}])
    confusion = metric.confusion(metric.results)
    assert confusion.tolist() == record.tensors["hist"].tolist()
    scores = metric.compute_metrics(metric.results)
    assert [scores[f"IoU.{name}"] / 100 for name in names] == pytest.approx(record.tensors["iou"].tolist(), abs=1e-6, nan_ok=True)
    assert round(scores["mIoU"], 2) == record.info["scalars"]["miou"]
