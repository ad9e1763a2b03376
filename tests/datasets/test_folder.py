"""A user's own folders: pairs, ids, missing and broken labels, and no labels at all."""

import shutil

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.datasets import FolderDataset, UDADataset
from mmseg.datasets.classes.palettes import default_palette
from mmseg.datasets.reading.raw_ids import RawIds
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import HEIGHT, WIDTH, crop, position_image, write_png

CRACK = {0: "background", 255: "crack"}
BINARY = {"classes": ["background", "crack"], "label_map": CRACK}
SAMPLING = {"min_pixels": 10, "class_temp": 0.1, "min_crop_ratio": 0.5}


def mask(number: int) -> np.ndarray:
    """0 and 255: a crack of 4 rows, in every second image one of 8."""
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids[10 : 14 + 4 * (number % 2)] = 255
    return ids


@pytest.fixture
def root(tmp_path):
    """Four photos of different formats with binary masks."""
    for number, name in enumerate(("a.JPG", "b.png", "wall/c.tif", "wall/d.webp")):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(position_image(number)[..., ::-1]).save(path)
        write_png((tmp_path / "masks" / name).with_suffix(".png"), mask(number))
    (tmp_path / "images" / "notes.txt").touch()
    return tmp_path


def folder(root, **options):
    return FolderDataset(**{"images": str(root / "images"), "labels": str(root / "masks"), **BINARY, **options})


def training(root, **options):
    source = {"type": "FolderDataset", "images": str(root / "images"), "labels": str(root / "masks"), **BINARY}
    target = {"type": "FolderDataset", "images": str(root / "images"), "labels": str(root / "nowhere"), **BINARY}
    return UDADataset(**{"source": source, "target": target, "source_crop": crop(), "target_crop": crop(), **options})


def test_pairs_of_all_formats_by_path_and_stem(root):
    found = folder(root)
    assert found.images.names == ("a.JPG", "b.png", "wall/c.tif", "wall/d.webp")
    assert found.label_path(2) == root / "masks/wall/c.png"
    for index in range(4):
        assert torch.equal(found[index]["label"], torch.from_numpy(mask(index) // 255))


def test_metainfo(root):
    info = folder(root, palette=[[1, 2, 3], [4, 5, 6]]).metainfo
    assert info == {"classes": ("background", "crack"), "palette": ((1, 2, 3), (4, 5, 6)), "label_ids": (0, 1), "absent": ()}
    assert folder(root).metainfo["palette"] == default_palette(2)


def test_suffixes(tmp_path):
    for name in ("a_rgb.png", "a_depth.png"):
        write_png(tmp_path / name, position_image(1))
    write_png(tmp_path / "a_ids.png", mask(1))
    found = FolderDataset(images=str(tmp_path), labels=str(tmp_path), img_suffix="_rgb.png", label_suffix="_ids.png", **BINARY)
    assert found.images.names == ("a_rgb.png",) and found.label_names == ("a_ids.png",)


# Ids


@pytest.mark.parametrize(
    ("label_map", "ignore", "expected"),
    [
        ({0: "sky", 7: "road", 9: "road", 300: 2}, [8], [0, 1, 255, 1, 2]),
        ({"0": 0, "7": 1, "9": 1, "300": "car"}, [8], [0, 1, 255, 1, 2]),
        ({0: "sky", 7: "road", 8: "boat", 9: "road", 300: "car"}, ["boat"], [0, 1, 255, 1, 2]),
        ({0: "sky", 300: "car"}, [7, 8, 9], [0, 255, 255, 255, 2]),
    ],
)
def test_label_maps(tmp_path, label_map, ignore, expected):
    ids = RawIds(classes=("sky", "road", "car"), label_map=label_map, ignore=ignore)
    label = ids.convert(np.array([[0, 7, 8, 9, 300]], np.uint16), tmp_path)
    assert label.dtype == np.uint8 and label.tolist() == [expected]
    assert ids.absent == tuple(name for index, name in enumerate(("sky", "road", "car")) if index not in expected)


def test_a_list_names_the_ids_from_zero_and_without_a_map_they_are_indices(tmp_path):
    strip = np.arange(3, dtype=np.uint8)[None]
    named = RawIds(classes=("c", "a"), label_map=["a", "b", "c"], ignore=["b"])
    assert named.convert(strip, tmp_path).tolist() == [[1, 255, 0]]
    plain = RawIds(classes=("a", "b"), label_map=None, ignore=[2])
    assert plain.convert(strip, tmp_path).tolist() == [[0, 1, 255]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_map": {0: "background", 255: "crak"}}, "label_map gives the id 255 to 'crak', which classes lacks. Did you mean 'crack'?"),
        ({"label_map": {0: 2}}, "label_map gives the id 0 to 2. Use a class name or an index from 0 to 1."),
        ({"label_map": {"road": 0}}, "label_map names 'road', which is no raw id. Use a whole number from 0 to 65535."),
        ({"ignore": [255]}, "the id 255 is both in ignore and a class. Take it out of one of them."),
        ({"ignore": ["sky"]}, "ignore names 'sky', which label_map does not. Use its raw id, or name it in label_map."),
        ({"ignore": "sky"}, "ignore is 'sky'. Use a list: ignore=['sky']."),
        ({"classes": None}, "FolderDataset has labels, but no classes. Add classes=['…', …], in the order of the network's outputs."),
        ({"classes": ["a", "b\x1b[31m"]}, "classes is ['a', 'b\\x1b[31m']. Give a list of names, such as classes=['background', 'crack']."),
        ({"classes": "crack"}, "classes is 'crack'. Give a list of names, such as classes=['background', 'crack']."),
        ({"classes": ["background", "crack", "crack"]}, "classes names 'crack' twice. Give every class its own name."),
        ({"palette": [[0, 0, 0]]}, "palette has 1 colours for 2 classes. Give one [red, green, blue] per class."),
        ({"palette": [[0, 0, 0], [0, 256, 0]]}, "the colour [0, 256, 0] of the palette is not RGB. Use three whole numbers from 0 to 255."),
    ],
)
def test_options_that_cannot_work(root, options, message):
    with pytest.raises(UserError) as error:
        folder(root, **options)
    assert str(error.value).removeprefix("FolderDataset: ") == message


def test_an_unknown_id_names_the_file_and_the_id(root):
    with pytest.raises(UserError, match=r"masks/a.png holds the id 255, which the config does not explain\. Say in label_map which class"):
        folder(root, label_map=None).read_label(0)
    assert set(np.unique(folder(root, label_map=None, ignore=[255]).read_label(0))) == {0, 255}


# Label files


def test_palette_one_bit_and_16_bit_labels(root):
    ids = mask(0)
    palette = Image.fromarray(ids // 255)
    palette.putpalette([9, 9, 9, 200, 0, 0])
    palette.save(root / "masks/a.png")
    Image.fromarray(ids > 0).save(root / "masks/b.png")
    cv2.imwrite(str(root / "masks/wall/c.png"), (ids // 255).astype(np.uint16) * 1000)
    found = folder(root, label_map={0: 0, 1: 1, 1000: 1})
    for index in range(3):
        assert (found.read_label(index) == ids // 255).all()


def test_a_colour_image_and_a_cut_off_file(root):
    write_png(root / "masks/a.png", position_image(0))
    path = root / "masks/b.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        BadFileError, match=r"masks/a.png is an 8-bit RGB PNG, not .*\. Write the class ids themselves as a grey or palette PNG"
    ):
        folder(root).read_label(0)
    with pytest.raises(BadFileError, match=r"masks/b.png is cut off .*\. Copy or download the file again"):
        folder(root).read_label(1)


def test_missing_labels_are_named(root):
    (root / "masks/wall/c.png").unlink()
    with pytest.raises(UserError, match=r"1 of 4 images have no label, first .*masks/wall/c.png\. Add .* or correct label_suffix"):
        folder(root)


def test_nothing_where_the_options_point(root):
    with pytest.raises(UserError, match=r"the folder images='.*nowhere' does not exist\. Correct the option"):
        folder(root, images=str(root / "nowhere"))
    with pytest.raises(UserError, match=r"images holds no image \(_rgb.png\)\. Correct the option images, or set img_suffix"):
        folder(root, img_suffix="_rgb.png")
    with pytest.raises(UserError, match=r"holds no file that ends with '_ids.png'\. Correct labels or label_suffix, or leave labels out"):
        folder(root, label_suffix="_ids.png")


def test_two_images_of_one_label(root):
    shutil.copy(root / "images/b.png", root / "images/a.png")
    with pytest.raises(UserError, match=r"a.JPG and a.png belong to one label, a.png\. Rename one, or choose the images with img_suffix"):
        folder(root)


# Training


def test_an_unlabelled_folder_needs_no_classes(root):
    found = FolderDataset(images=str(root / "images"))
    assert len(found) == 4 and "label" not in found[0]
    with pytest.raises(UserError, match=r"unlabelled \(labels=None\)\. Set labels"):
        found.read_label(0)


def test_training_cannot_open_the_labels_of_the_target(root):
    """The folder that the target's config names does not even exist."""
    dataset = training(root)
    assert not hasattr(dataset.target, "read_label") and not hasattr(dataset.target, "label_path")
    assert dataset[0]["target"].keys() == {"image", "size"}


def test_a_source_without_labels(root):
    with pytest.raises(UserError, match=r"the source .*images has no labels\. Set labels in its config"):
        training(root, source={"type": "FolderDataset", "images": str(root / "images")})


def test_class_statistics_are_counted_once(root, monkeypatch):
    found = folder(root).class_statistics()
    thin, thick, pixels = 4 * WIDTH, 8 * WIDTH, HEIGHT * WIDTH
    assert found.files[1] == [(0, thin), (1, thick), (2, thin), (3, thick)]
    assert found.pixels == {0: 4 * pixels - 2 * (thin + thick), 1: 2 * (thin + thick)}
    monkeypatch.setattr("mmseg.datasets.statistics.label_counts.mapped", None)
    assert folder(root).class_statistics() == found
    swapped = folder(root, classes=["crack", "background"]).class_statistics()
    assert swapped.pixels == {0: found.pixels[1], 1: found.pixels[0]}, "the counts are of raw ids"


def test_changed_labels_are_counted_anew(root):
    folder(root).class_statistics()
    write_png(root / "masks/a.png", mask(1))
    assert folder(root).class_statistics().files[1][0] == (0, 8 * WIDTH)
    counted = (root / "masks" / COUNTS_FILE).read_text()
    for broken in ("", "{", "[]", "null", counted.replace('"0"', '"road"'), counted.replace(": 6", ": -6"), '{"contents": 1, "files": {}}'):
        (root / "masks" / COUNTS_FILE).write_text(broken)
        assert folder(root).class_statistics().files[1][0] == (0, 8 * WIDTH)


def test_statistics_go_where_the_config_says(root):
    folder(root, statistics_dir=str(root / "cache/mine")).class_statistics()
    assert (root / "cache/mine" / COUNTS_FILE).is_file() and not (root / "masks" / COUNTS_FILE).exists()
    with pytest.raises(UserError, match=r"cannot write the class statistics .* to .*notes.txt .*\. Set statistics_dir='…'"):
        folder(root, statistics_dir=str(root / "images/notes.txt")).class_statistics()


def test_rare_class_sampling_finds_the_crack(root):
    dataset = training(root, rare_class_sampling=SAMPLING)
    assert dataset.table.classes.tolist() == [1, 0] and dataset.table.probabilities[0] > 0.9
    labels = torch.stack([dataset[index]["source"]["label"] for index in range(20)])
    assert labels.unique().tolist() == [0, 1]
    assert (labels == 1).any(dim=(1, 2)).float().mean() > 0.8
