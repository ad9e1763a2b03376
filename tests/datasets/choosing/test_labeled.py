"""Which images are labelled: the field's numbers, draws, and lists in the forms that the field has."""

import pytest

from mmseg.datasets import CityscapesDataset, FolderDataset, GTADataset
from mmseg.datasets.choosing.labeled import KNOWN_LISTS, drawn, labeled_config, number_of
from mmseg.utils.errors import UserError
from tests.datasets.toy import make_cityscapes, make_gta

STEMS = [f"ulm/ulm_{number:06}_000019" for number in range(100, 105)]
IMAGE = "leftImg8bit/train/{}_leftImg8bit.png"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_cityscapes(tmp_path_factory.mktemp("city"), labels=True)


def labeled(root, value, **options) -> CityscapesDataset:
    return CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/train", ann_dir="gtFine/train", labeled=value, **options)


@pytest.mark.parametrize(("share", "name"), [(1 / 16, "1_16"), (1 / 8, "1_8"), (1 / 4, "1_4"), (1 / 2, "1_2")])
def test_shares_of_cityscapes_are_the_numbers_of_the_field(share, name):
    assert number_of(share, 2975, "") == KNOWN_LISTS[f"cityscapes_{name}"]


def test_numbers():
    assert [number_of(value, 367, "") for value in (0.05, 0.1, 1.0, 1, 367, 0.0001)] == [18, 37, 367, 1, 367, 1]
    for value, said in ((0, "are 0"), (0.0, "are 0"), (368, "are 368")):
        with pytest.raises(UserError, match=f"labeled={value} of 367 images {said}. Give a number from 1 to 367"):
            number_of(value, 367, "CamVidDataset")


def test_a_draw_is_distinct_sorted_nested_and_of_its_seed():
    few, more = drawn(2975, 186, 0), drawn(2975, 372, 0)
    assert few == sorted(set(few)) and len(few) == 186 and set(few) < set(more) and len(set(more)) == 372
    assert drawn(2975, 186, 0) == few != drawn(2975, 186, 1) and drawn(5, 5, 3) == [*range(5)]


def test_the_data_set_is_the_drawn_images_alone(root):
    found = labeled(root, 2)
    assert len(found) == 2 and found.images.names == labeled(root, 0.4).images.names
    assert {path.name.partition("_gtFine")[0] for path in map(found.label_path, range(2))} == {
        name.rpartition("/")[2].removesuffix("_leftImg8bit.png") for name in found.images.names
    }
    assert {labeled(root, 1, labeled_seed=seed).images.names for seed in range(20)} == {(f"{stem}_leftImg8bit.png",) for stem in STEMS}
    assert labeled(root, 1.0).images == labeled(root, None).images


@pytest.mark.parametrize(
    "line",
    [
        "leftImg8bit/train/{0}_leftImg8bit.png gtFine/train/{0}_gtFine_labelTrainIds.png",
        "leftImg8bit/train/{0}_leftImg8bit.png\tgtFine/train/{0}_gtFine_labelIds.png",
        "leftImg8bit/train/{0}_leftImg8bit.png",
        "train/{0}_leftImg8bit.png",
        "{0}_leftImg8bit.png",
        "{0}",
        "{1}_leftImg8bit.png",
        "{1}",
    ],
)
def test_lines(root, tmp_path, line):
    chosen = STEMS[1], STEMS[3]
    (tmp_path / "few.txt").write_text("".join(line.format(stem, stem.partition("/")[2]) + "\n" for stem in chosen))
    assert labeled(root, str(tmp_path / "few.txt")).images.names == tuple(f"{stem}_leftImg8bit.png" for stem in chosen)


def test_an_image_that_is_not_there_is_named(root, tmp_path):
    (tmp_path / "few.txt").write_text(f"{IMAGE.format(STEMS[0])} x\n{IMAGE.format('bonn/b_1')} y\n{IMAGE.format('bonn/b_2')} z\n")
    with pytest.raises(UserError, match=r"^Line 2 of .*few\.txt names leftImg8bit/train/bonn/b_1_leftImg8bit\.png y, which is no image"):
        labeled(root, str(tmp_path / "few.txt"))


def test_an_image_that_is_named_twice(root, tmp_path):
    (tmp_path / "few.txt").write_text(f"{STEMS[0]}\n{IMAGE.format(STEMS[0])} x\n")
    with pytest.raises(UserError, match=r"Lines 1 and 2 of .* name the same image"):
        labeled(root, str(tmp_path / "few.txt"))


def test_a_list_of_the_field(tmp_path):
    """It lies below the data, and has as many images as its name says."""
    root = make_cityscapes(tmp_path, labels=True)
    with pytest.raises(
        UserError, match=r"lists/cityscapes_1_16\.txt of 186 images is not there\. Copy splits/cityscapes/1_16/labeled\.txt"
    ):
        labeled(root, "cityscapes_1_16")
    with pytest.raises(UserError, match=r"of 100 images is not there\. Copy that of the paper to compare with there, or draw as many"):
        labeled(root, "cityscapes_100")
    path = root / "lists/cityscapes_1_16.txt"
    path.parent.mkdir()
    path.write_text("\n".join(STEMS))
    with pytest.raises(UserError, match="names 5 images, and cityscapes_1_16 are 186 of the 2,975"):
        labeled(root, "cityscapes_1_16")
    names = [f"ulm/ulm_{number:06}_000019" for number in range(200, 381)]
    for folder, end in (("leftImg8bit/train", "_leftImg8bit.png"), ("gtFine/train", "_gtFine_labelTrainIds.png")):
        for name in names:
            (root / folder / f"{name}{end}").touch()
    path.write_text("\n".join(f"{IMAGE.format(name)} gtFine/train/{name}_gtFine_labelTrainIds.png" for name in [*STEMS, *names]))
    assert len(set(labeled(root, "cityscapes_1_16").images.names)) == 186


def test_only_their_labels_need_to_be_there(root, tmp_path):
    city = make_cityscapes(tmp_path / "city", labels=True)
    names = labeled(city, 2).images.names
    for path in (city / "gtFine/train").rglob("*.png"):
        if not any(name.startswith(f"ulm/{path.name.partition('_gtFine')[0]}") for name in names):
            path.unlink()
    assert len(labeled(city, 2)) == 2
    with pytest.raises(UserError, match="1 of 3 images have no label"):
        labeled(city, 3)


def test_other_kinds_of_data(tmp_path):
    root = make_gta(tmp_path / "gta")
    folder = {"images": str(root / "images"), "labels": str(root / "labels"), "classes": ["a"], "label_suffix": "_labelTrainIds.png"}
    assert len(FolderDataset(**folder, labeled=2)) == 2
    part = GTADataset(data_root=str(root), ann_dir="labels", labeled=3)
    statistics = part.class_statistics()
    assert len(statistics.files[0]) == 3  # of the converter's, those of the three


def test_which_part_of_a_target_is_labelled():
    few, none, nothing = {"type": "A", "labeled": 3}, {"type": "B", "labeled": 0}, {"type": "C"}
    assert labeled_config(None) is labeled_config(nothing) is None and labeled_config(none) == {} and labeled_config(few) is few
    several = {"type": "SeveralDatasets", "weights": [1, 2]}
    assert labeled_config({**several, "datasets": [few, nothing]}) == {"type": "SeveralDatasets", "datasets": [few]}
    assert labeled_config({**several, "datasets": [none, nothing]}) == {} and labeled_config({**several, "datasets": [nothing]}) is None
