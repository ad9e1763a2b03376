"""The data pipeline, rare-class sampling and mIoU give the numbers of the published implementation."""

import json

import numpy as np
import pytest
import torch

from mmseg.datasets import transforms
from mmseg.datasets.cropping.finishing import draw_flip, finish_image, finish_mask
from mmseg.datasets.sampling.rare_class_sampling import RareClassTable, class_frequencies, class_probabilities
from mmseg.evaluation import IoUMetric
from tests.parity.data_records import RecordedDraws
from tests.parity.records import load, parametrize, reference_folder

pipeline_case = pytest.mark.parametrize(
    ("record", "index"), [(record, index) for record in load("uda/data_pipeline*") for index in range(len(record.info["cases"]))]
)


def arrays(record) -> dict:
    return {key: tensor.numpy() for key, tensor in record.tensors.items()}


def statistics(record, name: str):
    return json.loads((reference_folder() / record.info["data_dir"] / name).read_text())


def steps_of(case: dict) -> dict:
    return {step["type"]: step for step in case["steps"]}


def normalised(image: torch.Tensor, size: torch.Tensor, norm: dict) -> np.ndarray:
    """What the model does on the device: normalise and put 0 where the crop was padded."""
    mean, std = (torch.tensor(norm[key], dtype=torch.float32).view(3, 1, 1) for key in ("mean", "std"))
    inside = torch.zeros(image.shape[1:], dtype=torch.bool)
    inside[: size[0], : size[1]] = True
    return (((image.float() - mean) / std) * inside).numpy()


@pipeline_case
def test_training_crop(record, index):
    info, tensors = record.info, arrays(record)
    case = info["cases"][index]
    steps, rng = steps_of(case), RecordedDraws(case["np_seed"])
    crop_size = steps["RandomCrop"]["crop_size"]

    size = transforms.keep_ratio_size(tensors["seg"].shape, steps["Resize"]["img_scale"])
    label = transforms.resize_label(tensors["seg"], size)
    np.testing.assert_array_equal(label, tensors[f"c{index}.resized_seg"])
    np.testing.assert_array_equal(transforms.resize_image(tensors["img_bgr"], size), tensors[f"c{index}.resized_img"])

    box = transforms.choose_crop(rng, label, crop_size, steps["RandomCrop"]["cat_max_ratio"])
    flipped = draw_flip(rng, steps["RandomFlip"]["prob"])
    assert [box.height, box.width, 3] == case["crop_shape"]
    assert flipped == case["flip"]

    crop = finish_image(transforms.resized_crop(tensors["img_bgr"], size, box), crop_size, flipped)
    expected = tensors[f"c{index}.img"]
    np.testing.assert_allclose(normalised(crop["image"], crop["size"], info["norm"]), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(finish_mask(label[box.slices], crop_size, flipped, fill=255), tensors[f"c{index}.gt"][0])


@pipeline_case
def test_valid_mask_follows_the_crop(record, index):
    """The recorded mask is padded with 255, which would multiply the weight; UDADataset fills with 0 on purpose."""
    tensors, case = arrays(record), record.info["cases"][index]
    steps, rng = steps_of(case), RecordedDraws(case["np_seed"])
    crop_size = steps["RandomCrop"]["crop_size"]
    size = transforms.keep_ratio_size(tensors["seg"].shape, steps["Resize"]["img_scale"])
    box = transforms.choose_crop(rng, transforms.resize_label(tensors["seg"], size), crop_size, steps["RandomCrop"]["cat_max_ratio"])
    flipped = draw_flip(rng, steps["RandomFlip"]["prob"])
    mask = transforms.resize_label(tensors["valid_pseudo_mask"], size)[box.slices]
    np.testing.assert_array_equal(finish_mask(mask, crop_size, flipped, fill=255), tensors[f"c{index}.mask"][0])


@parametrize("uda/data_pipeline*")
def test_test_image(record):
    info, tensors = record.info, arrays(record)
    size = transforms.keep_ratio_size(tensors["seg"].shape, (200, 113))
    assert list(size) == info["test_meta"]["img_shape"][:2]
    crop = finish_image(transforms.resize_image(tensors["img_bgr"], size), size, flipped=False)
    np.testing.assert_allclose(normalised(crop["image"], crop["size"], info["norm"]), tensors["test.img"], rtol=1e-5, atol=1e-5)


@parametrize("uda/data_pipeline*")
def test_margin_mask(record):
    expected = record.info["city_mask"]
    mask = transforms.margin_mask(*expected["shape"], expected["crop_pseudo_margins"])
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    assert mask.sum() == expected["ones"]
    assert [rows[0], rows[-1]] == expected["row_range"]
    assert [columns[0], columns[-1]] == expected["col_range"]


@parametrize("uda/rcs*")
def test_rare_class_probabilities(record):
    info = record.info
    frequencies = class_frequencies(statistics(record, "sample_class_stats.json"))
    for temperature, expected in info["temps"].items():
        assert list(frequencies) == expected["classes"]
        probabilities = class_probabilities(list(frequencies.values()), float(temperature))
        assert probabilities.dtype == np.dtype(expected["dtype"])
        np.testing.assert_allclose(probabilities, expected["probs"], rtol=1e-6, atol=1e-12)


def recorded_table(record, min_pixels: int, temperature: float = 0.01) -> RareClassTable:
    """The table over the recorded statistics, whose files are numbered in their sorted order."""
    stats, samples = statistics(record, "sample_class_stats.json"), statistics(record, "samples_with_class.json")
    position = {name: index for index, name in enumerate(sorted(entry["file"] for entry in stats))}
    frequencies = class_frequencies(stats)
    files = {c: np.array([position[name] for name, pixels in samples[str(c)] if pixels > min_pixels]) for c in frequencies}
    return RareClassTable(np.array(list(frequencies)), class_probabilities(list(frequencies.values()), temperature), files)


@parametrize("uda/rcs*")
def test_files_with_a_rare_class(record):
    info = record.info
    for min_pixels, expected in info["samples_with_class_filtered"].items():
        table = recorded_table(record, int(min_pixels))
        assert {str(c): [f"{i + 1:05}_labelTrainIds.png" for i in files] for c, files in table.files.items()} == expected


@parametrize("uda/rcs*")
def test_rare_class_draws(record, monkeypatch):
    """Quirk 28: the first crop and up to 10 more; each one is a load in the record."""
    info = record.info
    loads = []
    whole = transforms.draw_crop_box(np.random.default_rng(0), 100, 100, (100, 100))
    monkeypatch.setattr("mmseg.datasets.transforms.crop.choose_crop", lambda *args: loads.append(1) or whole)
    for run in (run for run in info["wrapper_draws"] if "draws" in run):
        table, rng = recorded_table(record, run["min_pixels"]), RecordedDraws(run["np_seed"])
        files = len(statistics(record, "sample_class_stats.json"))
        for draw in run["draws"]:
            loads.clear()
            rare_class, index = table.draw(rng)
            minimum = run["min_pixels"] * run["min_crop_ratio"]
            transforms.choose_rare_class_crop(rng, np.zeros((100, 100), np.uint8), (100, 100), 1.0, rare_class, minimum)
            assert [index] * len(loads) == draw["source_indices"]
            assert rng.choice(run["len_dataset"] // files) == draw["target_index"]


@parametrize("uda/miou*")
def test_mean_iou(record):
    info, tensors = record.info, arrays(record)
    names = [f"class {index}" for index in range(len(info["result"]["IoU"]))]
    metric = IoUMetric(classes=names)
    for prediction, label in zip(tensors["preds"], tensors["gts"], strict=True):
        metric.process(None, [{"prediction": torch.from_numpy(prediction), "label": torch.from_numpy(label)}])
    result = metric.evaluate(len(tensors["preds"]))
    for key in ("IoU", "Acc"):
        expected = [np.nan if value is None else 100 * value for value in info["result"][key]]
        np.testing.assert_allclose([result[f"{key}.{name}"] for name in names], expected, rtol=1e-9)
    expected = [100 * info[key] for key in ("mIoU_nanmean", "mAcc_nanmean")] + [100 * info["result"]["aAcc"][0]]
    np.testing.assert_allclose([result["mIoU"], result["mAcc"], result["aAcc"]], expected, rtol=1e-9)
