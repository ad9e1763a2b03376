"""The data pipeline, rare-class sampling and mIoU give the numbers of the published implementation."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from mmseg.datasets import transforms
from mmseg.datasets.rare_class_sampling import RareClassTable, class_frequencies, class_probabilities
from mmseg.datasets.uda_dataset import draw_flip, finish_image, finish_mask
from mmseg.evaluation import IoUMetric
from tests.parity.data_records import REFERENCE, RecordedDraws, read, records

pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the recorded numbers are not beside this clone")

PIPELINES = [(path, index) for path in records("training data pipeline") for index in range(len(read(path)["cases"]))]
RARE_CLASS = records("rare class sampling")
MIOU = records("mean_iou")


def steps_of(case: dict) -> dict:
    return {step["type"]: step for step in case["steps"]}


def normalised(image: torch.Tensor, size: torch.Tensor, norm: dict) -> np.ndarray:
    """What the model does on the device: normalise and put 0 where the crop was padded."""
    mean, std = (torch.tensor(norm[key], dtype=torch.float32).view(3, 1, 1) for key in ("mean", "std"))
    inside = torch.zeros(image.shape[1:], dtype=torch.bool)
    inside[: size[0], : size[1]] = True
    return (((image.float() - mean) / std) * inside).numpy()


@pytest.mark.parametrize(("path", "index"), PIPELINES, ids=lambda value: getattr(value, "stem", value))
def test_training_crop(path, index):
    record, tensors = read(path), load_file(path.with_suffix(".safetensors"))
    case = record["cases"][index]
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
    np.testing.assert_allclose(normalised(crop["image"], crop["size"], record["norm"]), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(finish_mask(label[box.slices], crop_size, flipped, fill=255), tensors[f"c{index}.gt"][0])


@pytest.mark.parametrize(("path", "index"), PIPELINES, ids=lambda value: getattr(value, "stem", value))
def test_valid_mask_follows_the_crop(path, index):
    """The recorded mask is padded with 255, which would multiply the weight; UDADataset fills with 0 on purpose."""
    tensors, case = load_file(path.with_suffix(".safetensors")), read(path)["cases"][index]
    steps, rng = steps_of(case), RecordedDraws(case["np_seed"])
    crop_size = steps["RandomCrop"]["crop_size"]
    size = transforms.keep_ratio_size(tensors["seg"].shape, steps["Resize"]["img_scale"])
    box = transforms.choose_crop(rng, transforms.resize_label(tensors["seg"], size), crop_size, steps["RandomCrop"]["cat_max_ratio"])
    flipped = draw_flip(rng, steps["RandomFlip"]["prob"])
    mask = transforms.resize_label(tensors["valid_pseudo_mask"], size)[box.slices]
    np.testing.assert_array_equal(finish_mask(mask, crop_size, flipped, fill=255), tensors[f"c{index}.mask"][0])


@pytest.mark.parametrize("path", records("training data pipeline"), ids=lambda path: path.stem)
def test_test_image(path):
    record, tensors = read(path), load_file(path.with_suffix(".safetensors"))
    size = transforms.keep_ratio_size(tensors["seg"].shape, (200, 113))
    assert list(size) == record["test_meta"]["img_shape"][:2]
    crop = finish_image(transforms.resize_image(tensors["img_bgr"], size), size, flipped=False)
    np.testing.assert_allclose(normalised(crop["image"], crop["size"], record["norm"]), tensors["test.img"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("path", records("training data pipeline"), ids=lambda path: path.stem)
def test_margin_mask(path):
    expected = read(path)["city_mask"]
    mask = transforms.margin_mask(*expected["shape"], expected["crop_pseudo_margins"])
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    assert mask.sum() == expected["ones"]
    assert [rows[0], rows[-1]] == expected["row_range"]
    assert [columns[0], columns[-1]] == expected["col_range"]


@pytest.mark.parametrize("path", RARE_CLASS, ids=lambda path: path.stem)
def test_rare_class_probabilities(path):
    record = read(path)
    frequencies = class_frequencies(read(REFERENCE / record["data_dir"] / "sample_class_stats.json"))
    for temperature, expected in record["temps"].items():
        assert list(frequencies) == expected["classes"]
        probabilities = class_probabilities(list(frequencies.values()), float(temperature))
        assert probabilities.dtype == np.dtype(expected["dtype"])
        np.testing.assert_allclose(probabilities, expected["probs"], rtol=1e-6, atol=1e-12)


def recorded_table(record: dict, min_pixels: int, temperature: float = 0.01) -> RareClassTable:
    """The table over the recorded statistics, whose files are numbered in their sorted order."""
    folder = REFERENCE / record["data_dir"]
    stats, samples = read(folder / "sample_class_stats.json"), read(folder / "samples_with_class.json")
    position = {name: index for index, name in enumerate(sorted(entry["file"] for entry in stats))}
    frequencies = class_frequencies(stats)
    files = {c: np.array([position[name] for name, pixels in samples[str(c)] if pixels > min_pixels]) for c in frequencies}
    return RareClassTable(np.array(list(frequencies)), class_probabilities(list(frequencies.values()), temperature), files)


@pytest.mark.parametrize("path", RARE_CLASS, ids=lambda path: path.stem)
def test_files_with_a_rare_class(path):
    record = read(path)
    for min_pixels, expected in record["samples_with_class_filtered"].items():
        table = recorded_table(record, int(min_pixels))
        assert {str(c): [f"{i + 1:05}_labelTrainIds.png" for i in files] for c, files in table.files.items()} == expected


@pytest.mark.parametrize("path", RARE_CLASS, ids=lambda path: path.stem)
def test_rare_class_draws(path, monkeypatch):
    """Quirk 28: the first crop and up to 10 more; each one is a load in the record."""
    record = read(path)
    loads = []
    whole = transforms.draw_crop_box(np.random.default_rng(0), 100, 100, (100, 100))
    monkeypatch.setattr("mmseg.datasets.transforms.crop.choose_crop", lambda *args: loads.append(1) or whole)
    for run in (run for run in record["wrapper_draws"] if "draws" in run):
        table, rng = recorded_table(record, run["min_pixels"]), RecordedDraws(run["np_seed"])
        files = len(read(REFERENCE / record["data_dir"] / "sample_class_stats.json"))
        for draw in run["draws"]:
            loads.clear()
            rare_class, index = table.draw(rng)
            minimum = run["min_pixels"] * run["min_crop_ratio"]
            transforms.choose_rare_class_crop(rng, np.zeros((100, 100), np.uint8), (100, 100), 1.0, rare_class, minimum)
            assert [index] * len(loads) == draw["source_indices"]
            assert rng.choice(run["len_dataset"] // files) == draw["target_index"]


@pytest.mark.parametrize("path", MIOU, ids=lambda path: path.stem)
def test_mean_iou(path):
    record, tensors = read(path), load_file(path.with_suffix(".safetensors"))
    names = [f"class {index}" for index in range(len(record["result"]["IoU"]))]
    metric = IoUMetric(classes=names)
    for prediction, label in zip(tensors["preds"], tensors["gts"], strict=True):
        metric.process(None, [{"prediction": torch.from_numpy(prediction), "label": torch.from_numpy(label)}])
    result = metric.evaluate(len(tensors["preds"]))
    for key in ("IoU", "Acc"):
        expected = [np.nan if value is None else 100 * value for value in record["result"][key]]
        np.testing.assert_allclose([result[f"{key}.{name}"] for name in names], expected, rtol=1e-9)
    expected = [100 * record[key] for key in ("mIoU_nanmean", "mAcc_nanmean")] + [100 * record["result"]["aAcc"][0]]
    np.testing.assert_allclose([result["mIoU"], result["mAcc"], result["aAcc"]], expected, rtol=1e-9)
