"""What comes with a target crop: the whole image, a strong view, hard and soft pseudo-labels. The toy images tell their places."""

import numpy as np
import pytest
import torch

from mmseg.datasets import CropOptions, UDADataset
from mmseg.datasets.annotating import label_files
from mmseg.datasets.classes.names import CLASSES
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.sampling import made_targets
from mmseg.datasets.sampling.made_targets import fits
from mmseg.datasets.transforms import GREY
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.uda.augmentation.replay import replay_mask, replay_strong
from mmseg.structures import CropPlace, StrongGeometry
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.products.soft_maps import write_soft_map
from tests.datasets.earlier import COMMAND, image_names, make_hard, make_soft, write_header
from tests.datasets.sampling.test_uda_dataset import assert_equal
from tests.datasets.toy import HEIGHT, WIDTH, crop, make_cityscapes, make_gta, source_config, target_config, write_png

BEND = {"operations": 0, "color_jitter": (0, 0, 0, 0)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    return make_gta(root / "gta"), make_cityscapes(root / "cityscapes")


@pytest.fixture(scope="module")
def hard(folders, tmp_path_factory):
    return make_hard(folders[1], tmp_path_factory.mktemp("hard"))


@pytest.fixture(scope="module")
def soft(folders, tmp_path_factory):
    return make_soft(folders[1], tmp_path_factory.mktemp("soft"))


def build(folders, **options) -> UDADataset:
    given = {"source": source_config(folders[0]), "target": target_config(folders[1]), "source_crop": crop(), "target_crop": crop()}
    return UDADataset(**{**given, **options})


def preprocessed(samples: list[dict]):
    """The batch of some samples, not normalised."""
    return SegDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1)).batch(collate_samples(samples))


def test_nothing_comes_unasked(folders):
    assert set(build(folders)[0]["target"]) == {"image", "size"}
    batch = preprocessed([build(folders)[0]])
    names = ("label", "soft", "whole", "strong", "place", "geometry")
    assert all(getattr(batch, f"target_{name}") is None for name in names)


def test_one_option_does_not_change_another(folders, hard, soft):
    """Every view draws from its own streams, and none changes the crops."""
    options = {"target_whole": (WIDTH, HEIGHT), "strong_view": {}, "target_labels": str(hard), "target_soft_labels": str(soft)}
    for index in range(4):
        plain, all_of_them = build(folders)[index], build(folders, **options)[index]
        for key in ("image", "size"):
            assert torch.equal(plain["target"][key], all_of_them["target"][key])
        assert_equal(plain["source"], all_of_them["source"])
        for name in options:
            single = build(folders, **{name: options[name]})[index]["target"]
            assert_equal(single, {key: all_of_them["target"][key] for key in single})


def test_a_whole_image_and_the_place_of_its_crop(folders):
    data = build(folders, target_whole=(WIDTH, HEIGHT))
    for index in range(8):
        target = data[index]["target"]
        place = CropPlace.of(target["place"])
        cut = place.box.crop(target["whole"])
        assert target["whole"].shape == (3, HEIGHT, WIDTH) and place.native == place.resized == (HEIGHT, WIDTH)
        assert torch.equal(cut.flip(2) if place.flipped else cut, target["image"])
    batch = preprocessed([data[0], data[1]])
    assert batch.target_whole.shape == (2, 3, HEIGHT, WIDTH) and len(batch.target_place) == 2
    assert build(folders, target_whole=(20, 10))[0]["target"]["whole"].shape == (3, 10, 20)


def test_hard_labels_lie_on_the_crop(folders, hard):
    data = build(folders, target_labels=str(hard), target_crop=crop(24), source_crop=crop(24))
    for index in range(8):
        target = data[index]["target"]
        rows = target["image"][2].long()
        assert torch.equal(target["label"].long(), torch.where(rows < len(CLASSES), rows, 255))
    label = preprocessed([data[0], data[1]]).target_label
    assert label.dtype == torch.int64 and label.shape == (2, 24, 24)


@pytest.mark.parametrize("scale", [1, 2])
def test_soft_labels_lie_on_the_crop(folders, soft, scale):
    """The probability of class 1 grows with the column, which the image tells: aligned corners make the first 0 and the last 1."""
    data = build(
        folders,
        target_soft_labels=str(soft),
        target_crop=crop(16, ratio_range=(scale, scale)),
    )
    samples = [data[index] for index in range(6)]
    batch = preprocessed(samples)
    columns = batch.target_image[:, 1] / (WIDTH - 1)
    assert batch.target_soft.shape == (6, len(CLASSES), 16, 16) and batch.target_soft.dtype == torch.float32
    assert torch.allclose(batch.target_soft.sum(1), torch.ones(6, 16, 16))
    assert (batch.target_soft[:, 1] - columns).abs().max() < 0.012  # half a level and, enlarged, half a pixel
    assert torch.allclose(batch.target_soft[:, 0], 1 - batch.target_soft[:, 1], atol=1e-6)


def test_soft_maps_of_several_sizes_are_one_batch(folders, tmp_path):
    soft = make_soft(folders[1], tmp_path, stride=None)
    name = image_names(folders[1])[0]
    write_soft_map((soft / name).with_suffix(".npz"), np.full((len(CLASSES), 3, 6), 10, np.uint8))
    data = build(folders, target_soft_labels=str(soft))
    samples = [data[index] for index in range(12)]
    assert len({sample["target"]["soft"].shape for sample in samples}) == 2
    assert preprocessed(samples).target_soft.shape == (12, len(CLASSES), 16, 16)


def test_a_strong_view_is_the_replayed_crop(folders):
    """Without changes of colours, the strong view is what a replay at stride 1 makes of the crop, and grey where that shows nothing."""
    seen = set()
    for seed in range(12):
        data = build(folders, strong_view=BEND, seed=seed, target_crop=crop(24), source_crop=crop(24))
        target = data[0]["target"]
        geometry = StrongGeometry.of(target["geometry"])
        batch = preprocessed([data[0]])
        assert batch.target_geometry == (geometry,)
        grey = torch.tensor(GREY)[:, None, None].expand_as(target["strong"])
        replayed = replay_strong(target["image"][None], [geometry], stride=1, fill=127, published_quirks=False)[0]
        shown = replay_mask([geometry], (24, 24), stride=1, published_quirks=False)[0, 0]
        assert torch.equal(target["strong"][:, ~shown].long(), grey[:, ~shown])
        difference = (target["strong"].int() - replayed.int())[:, shown].abs()
        assert difference.max() <= 1  # a blur leaves slopes alone
        seen.add(geometry.flip)
    assert seen == {False, True}


def test_what_a_strong_view_shows_is_known_to_its_geometry():
    """Rotation, shears and translations go the same way in the image and in its maps."""
    from PIL import Image

    from mmseg.datasets.transforms.rand_augment import BENDS, bent

    rows, columns = np.mgrid[:40, :60]
    picture = Image.fromarray(np.dstack([rows * 6, columns * 4, rows * 0]).astype(np.uint8))
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    for name, value in {"Rotate": 17, "ShearX": -0.2, "ShearY": 0.15, "TranslateX": 7, "TranslateY": -5}.items():
        image = torch.from_numpy(np.array(bent(picture, name, value))).permute(2, 0, 1)
        geometry = [StrongGeometry(**{BENDS[name][0]: value})]
        replayed = replay_strong(values, geometry, stride=1, fill=127, published_quirks=False)[0]
        difference = (image.int() - replayed.int()).abs()
        inside = replay_mask(geometry, (40, 60), stride=1, published_quirks=False)[0, 0] & (image[2] == 0)
        assert difference[:, inside].max() <= 6 and inside.float().mean() > 0.5, name  # less than two pixels
        assert difference[:, inside].float().mean() < 3, name


def test_padding_is_grey_in_a_strong_view(folders):
    data = build(folders, strong_view=BEND, target_crop=crop(48, pad=True), source_crop=crop(48, pad=True))
    target = data[0]["target"]
    geometry = StrongGeometry.of(target["geometry"])
    assert target["size"].tolist() == [40, 48] and geometry.cutout[1] < 40
    assert (target["strong"][:, 44:] == 127).all()


def test_labels_are_lazy(folders, hard, soft, monkeypatch):
    """Nothing is read before a sample is asked for, and then one file of each kind."""
    opened = []
    for module, name in ((made_targets, "read_levels"), (label_files, "read_label_ids")):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda path, *rest, original=original: opened.append(path) or original(path, *rest))
    data = build(folders, target_labels=str(hard), target_soft_labels=str(soft))
    assert not opened
    data[0]
    assert sorted(path.suffix for path in opened) == [".npz", ".png"] and set(opened) <= set(data.files(0))


@pytest.mark.parametrize(
    ("small", "size", "stride", "good"),
    [
        ((5, 10), (40, 80), 8, True),
        ((5, 10), (39, 79), 8, True),
        ((6, 10), (40, 80), 8, False),
        ((129, 257), (1024, 2048), None, True),
        ((128, 256), (1024, 2048), None, True),
        ((257, 129), (1024, 2048), None, False),
        ((129, 129), (1024, 2048), None, False),
        ((1, 1), (1024, 2048), None, True),
    ],
)
def test_sizes_of_soft_maps(small, size, stride, good):
    assert fits(small, size, stride) == good


def test_labels_of_other_sizes_or_classes(folders, tmp_path):
    fix = f"Move it elsewhere and make it again with: {COMMAND}"
    soft = make_soft(folders[1], tmp_path / "a", size=(4, 10))
    with pytest.raises(BadFileError, match=rf"is a soft map of 10x4 values, which is none of an image of 80x40\. {fix}"):
        build(folders, target_soft_labels=str(soft))[0]
    soft = make_soft(folders[1], tmp_path / "b", classes=5)
    with pytest.raises(BadFileError, match=rf"holds 5 classes, and 19 are needed\. {fix}"):
        build(folders, target_soft_labels=str(soft))[0]
    hard = make_hard(folders[1], tmp_path / "c")
    for name in image_names(folders[1]):
        write_png(hard / name, np.zeros((20, 40), np.uint8))
    with pytest.raises(BadFileError, match=rf"has 40x20 pixels, its image has 80x40\. {fix}"):
        build(folders, target_labels=str(hard))[0]
    for name in image_names(folders[1]):
        write_png(hard / name, np.full((HEIGHT, WIDTH), 19, np.uint8))
    with pytest.raises(BadFileError, match=rf"holds the label 19, which is neither a train id \(0\.\.18\) nor 255\. {fix}"):
        build(folders, target_labels=str(hard))[0]


def test_folders_that_are_refused(folders, hard, soft, tmp_path):
    with pytest.raises(UserError, match="holds soft maps, which are no labels"):
        build(folders, target_labels=str(soft))
    with pytest.raises(UserError, match=rf"holds labels, and soft maps are needed\. Make them in another folder, with --soft: {COMMAND}"):
        build(folders, target_soft_labels=str(hard))
    write_header(tmp_path, image_names(folders[1]), classes=["road"], settings={"soft": True})
    with pytest.raises(UserError, match="is made for other classes: 1, and 19 are needed"):
        build(folders, target_soft_labels=str(tmp_path))
    write_header(tmp_path, image_names(folders[1]), complete=False, settings={"soft": True})
    with pytest.raises(UserError, match="is not complete"):
        build(folders, target_soft_labels=str(tmp_path))


def test_labels_of_a_data_set_are_no_pseudo_labels(tmp_path):
    """A folder without a header of pseudo-labels is refused, whatever it holds."""
    folders = make_gta(tmp_path / "gta"), make_cityscapes(tmp_path / "city", labels=True)
    real = folders[1] / "gtFine/train"
    for option in ("target_labels", "target_soft_labels"):
        with pytest.raises(UserError, match=r"header\.json does not exist\. Make a new one with python tools/prepare/pseudo_labels\.py"):
            build(folders, **{option: str(real)})
    write_header(real, image_names(folders[1]), kind="priors")
    with pytest.raises(UserError, match="holds a product of the kind 'priors', and 'pseudo-labels' are needed"):
        build(folders, target_labels=str(real))


def test_options_that_do_not_fit(folders, soft):
    for options in ({"strong_view": {}}, {"target_whole": (8, 4)}, {"target_soft_labels": str(soft)}, {"lab_transfer": True}):
        (name,) = options
        with pytest.raises(UserError, match=f"UDADataset has {name}, but no target"):
            build(folders, target=None, target_crop=None, **options)
    with pytest.raises(UserError, match="sync_crop_size cuts crops again, and strong_view would not follow"):
        build(folders, strong_view={}, sync_crop_size=(8, 8))
    with pytest.raises(UserError, match=r"unexpected option 'strenght'\. Did you mean 'strength'\?"):
        build(folders, strong_view={"strenght": 9})
    with pytest.raises(UserError, match="strength"):
        build(folders, strong_view={"strength": 12})


def test_source_images_take_the_colours_of_the_target(folders):
    """Mean and deviation of the crop change, the label does not; the target image is drawn by a stream of its own."""
    plain, colored = build(folders), build(folders, lab_transfer=True)
    for index in range(3):
        before, after = plain[index], colored[index]
        assert_equal(before["target"], after["target"])
        assert torch.equal(before["source"]["label"], after["source"]["label"])
        assert not torch.equal(before["source"]["image"], after["source"]["image"])
        assert abs(float(after["source"]["image"][0].float().mean()) - 102) < 25  # red tells the number of an image: from 100 in the target
    assert len(colored.colors._known) <= 3
    assert len(colored.files(0)) == 4


def test_crops_that_do_not_fit_the_smallest_size_are_refused_at_once():
    CropOptions(img_scale=(40, 20), crop_size=(10, 20), ratio_range=(0.5, 1.5))
    CropOptions(img_scale=(40, 20), crop_size=(12, 20), ratio_range=(0.5, 1.5), pad=True)
    with pytest.raises(UserError, match="is larger than the image of 20x10 at img_scale 40x20"):
        CropOptions(img_scale=(40, 20), crop_size=(12, 20), ratio_range=(0.5, 1.5))


@pytest.mark.parametrize(("keep_ratio", "size"), [(True, (30, 45)), (False, (30, 60)), ("width", (40, 60))])
def test_sizes_that_are_drawn(keep_ratio, size):
    """Of an image of 30 rows and 45 columns, at a factor of 1.5."""
    options = CropOptions(img_scale=(40, 20), crop_size=(8, 8), ratio_range=(1.5, 1.5), keep_ratio=keep_ratio)
    assert options.resized((30, 45), np.random.default_rng(0)) == size
