"""Advice about several data sets, and about how a training samples them."""

import ast
from functools import partial

import pytest

from mmseg.apis.checking.data import check_split
from mmseg.apis.checking.splits import Split, open_split
from mmseg.datasets import CropOptions, FolderDataset, SeveralDatasets, StrongViewOptions, UDADataset
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions, build_rare_class_table
from mmseg.datasets.sampling.samplers import RunningIndexSampler
from mmseg.datasets.sampling.source_classes import source_note
from tests.advice.following import advice
from tests.datasets.toy import HEIGHT, WIDTH, crop, make_cityscapes, make_gta, source_config, target_config

# Several data sets


def test_several_data_sets(tmp_path):
    roots = [make_gta(tmp_path / name) for name in ("a", "b")]
    whole = [source_config(root) for root in roots]

    def several(datasets, **options):
        return SeveralDatasets(datasets=datasets, **options)

    advice("Give all of them labels, or none.", lambda: several([whole[0], {**whole[1], "ann_dir": None}]))
    assert several(whole).labelled and not several([{**part, "ann_dir": None} for part in whole]).labelled
    advice("Set datasets=[dict(type='…', …), …].", lambda: several([]))
    advice("Give one number above 0 for each of them.", lambda: several(whole, weights=[1]))
    assert len(several(whole, weights=[1, 2])) == 12
    advice("Give all of them one list with the option classes.", lambda: several([whole[0], {**whole[1], "classes": ["road"]}]))
    assert several([{**part, "classes": ["road"]} for part in whole]).classes == ("road",)
    sizes = [(WIDTH, HEIGHT)] * 3
    joined = {"type": "SeveralDatasets", "datasets": whole}
    advice(
        "Give one (width, height) for all, or one for each data set.",
        lambda: UDADataset(source=joined, source_crop={**crop(), "img_scale": sizes}),
    )
    for scale in (sizes[0], sizes[:2]):
        UDADataset(source=joined, source_crop={**crop(), "img_scale": scale})


# The training data


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    root = tmp_path_factory.mktemp("pair")
    source, target = source_config(make_gta(root / "gta")), target_config(make_cityscapes(root / "city"))
    return {"source": source, "target": target, "source_crop": crop(), "target_crop": crop()}


def test_parts_of_the_training_data(pair):
    def build(change: dict):
        return lambda: UDADataset(**{**pair, **change})[0]

    def works(*changes: dict) -> None:
        for change in changes:
            assert build(change)()["index"] == 0

    advice("Add target_crop=dict(img_scale=…, crop_size=…).", build({"target_crop": None}))
    works({"target_crop": {"img_scale": (WIDTH, HEIGHT), "crop_size": (16, 16)}})
    advice("Add target=… or remove them.", build({"target": None}))
    works({}, {"target": None, "target_crop": None})
    advice("would need target labels. Set it in source_crop only.", build({"target_crop": crop(cat_max_ratio=0.5)}))
    works({"source_crop": crop(cat_max_ratio=0.5)})
    advice("is for the source alone. Set it in source_crop only.", build({"target_crop": crop(photo_metric_distortion=True)}))
    works({"source_crop": crop(photo_metric_distortion=True)})
    (option,) = advice("has no labels. Set {} in its config.", build({"source": {**pair["source"], "ann_dir": None}}))
    works({"source": {**pair["source"], option: "labels"}})
    advice("UDADataset got on_bad_sample={}. Use 'raise' or 'skip'.", build({"on_bad_sample": "no"}))
    works({"on_bad_sample": "raise"}, {"on_bad_sample": "skip"})
    one_or_whole = build({"target_crop": crop(8)})
    advice("Use one crop_size for both, or whole images (keep_ratio=False, crop_size as img_scale).", one_or_whole)
    whole = [{"img_scale": (width, width // 2), "crop_size": (width // 2, width), "keep_ratio": False} for width in (64, 32)]
    works({"source_crop": crop(8), "target_crop": crop(8)}, {"source_crop": whole[0], "target_crop": whole[1]})
    (size,) = advice("sync_crop_size {} is larger than crop_size. Use a smaller one.", build({"sync_crop_size": (32, 32)}))
    works({"sync_crop_size": tuple(side // 4 for side in ast.literal_eval(size))})
    for name, value in {"strong_view": {}, "target_whole": (WIDTH, HEIGHT), "target_place": True}.items():
        both = {"sync_crop_size": (8, 8), name: value}
        assert advice("UDADataset: sync_crop_size cuts crops again, and {} would not follow. Leave it out.", build(both)) == [name]
        works({name: value})
    advice("target image. Use smaller margins.", build({"crop_pseudo_margins": [20, 20, 0, 0]}))
    works({"crop_pseudo_margins": [2, 2, 0, 0]})


def test_crops():
    scale, large = (WIDTH, HEIGHT), (64, 64)
    advice("Use a smaller crop_size, a larger img_scale, or pad=True.", lambda: CropOptions(img_scale=scale, crop_size=large))
    CropOptions(img_scale=scale, crop_size=(32, 32))
    CropOptions(img_scale=(160, 80), crop_size=large)
    CropOptions(img_scale=scale, crop_size=large, pad=True)
    *_, most = advice(
        "{}=({}, {}) is more than the {} pixels that an image may have. Use less.",
        lambda: CropOptions(img_scale=(10**6, 10**6), crop_size=large),
    )
    CropOptions(img_scale=(int(most) // 100, 100), crop_size=large)


def test_jitter():
    strong = {"img_scale": (WIDTH, HEIGHT), "crop_size": (8, 8)}
    for options in (partial(CropOptions, **strong), StrongViewOptions):
        (most,) = advice(
            "Use {} or less as its last value.",
            partial(options, color_jitter=(1, 1, 1, 0.6)),
        )
        assert options(color_jitter=(1, 1, 1, float(most)))


def test_samples_that_are_skipped(tmp_path, pair):
    source = source_config(make_gta(tmp_path / "gta"))
    images = sorted((tmp_path / "gta/images").iterdir())
    kept = {path: path.read_bytes() for path in images}
    for path in images:
        path.write_bytes(b"")
    data = UDADataset(**{**pair, "source": source, "on_bad_sample": "skip"})
    (last,) = advice("so many files must be. Find them with tools/check_data.py. {}", lambda: data[0])
    assert str(tmp_path) in last
    problems = check_split(open_split(Split(role="source", name="source", dataset=source)), nproc=1, limit=None)[1]
    assert {problem.path for problem in problems if problem.kind == "broken image"} == set(map(str, images))  # what that command tells
    for path, content in kept.items():
        path.write_bytes(content)
    assert data[0]["skipped"] == 0


def test_rare_classes(own, tmp_path):
    options = RareClassOptions(min_pixels=1, class_temp=0.1)
    ignored = {**own, "label_map": {7: "sky", 8: "grass"}, "ignore": [0, 1, 17]}
    mapped = {**own, "label_map": {0: "sky", 1: "grass"}, "ignore": [17]}
    advice(
        "all of them are ignored. Correct label_map, ignore or classes, or the labels.",
        lambda: build_rare_class_table(FolderDataset(**ignored), options),
        file="rare_class_sampling.py",
    )
    build_rare_class_table(FolderDataset(**mapped), options)

    def note(data: dict):
        return source_note(UDADataset(source={"type": "FolderDataset", **data}, source_crop=crop()))

    advice("The source {}: {}. Correct label_map, ignore or classes, or the labels.", lambda: note(ignored))
    assert note(mapped) is None
    few = RareClassOptions(min_pixels=10**6, class_temp=0.1)
    advice(
        "Lower rare_class_sampling.min_pixels or add images with this class.", lambda: build_rare_class_table(FolderDataset(**mapped), few)
    )


def test_running_numbers():
    sampler = RunningIndexSampler(dataset=range(3))
    advice("RunningIndexSampler cannot skip {} samples. Use a number >= 0.", lambda: sampler.skip(-1))
    sampler.skip(0)
