"""What the page shows, and the page as files."""

import json
import re
import sys
from pathlib import Path

import pytest

from mmseg.apis.viewing.content import PAGE, STATIC, check_export, data_script, export, page_data, picture_file, worst_first
from tests.apis.viewing.looked_at import EVIL, index, write_run
from tests.cli.failures import refusal
from tests.tiny import ROOT


def test_the_worst_images_come_first():
    images = worst_first(index())
    assert [image["name"] for image in images] == ["b.png", "a.png", "c.png"]  # what has no label comes last
    assert images[0] == {
        "name": "b.png",
        "iou": 10.0,
        "confidence": 51.0,
        "pictures": {"photo": "pictures/0001_photo.jpg", "prediction": "pictures/0001_prediction.png"},
    }
    unlabelled = index(values=(None, None, None))
    unlabelled["images"][2]["confidence"] = 5.0
    assert [image["name"] for image in worst_first(unlabelled)] == ["c.png", "a.png", "b.png"]


def test_scores_and_curves(tmp_path):
    made = write_run(tmp_path / "run")
    log = tmp_path / "run/20260101/vis_data/scalars.json"
    log.parent.mkdir(parents=True)
    log.write_text('{"mIoU": 1.5, "step": 10}\n')
    data = page_data(tmp_path / "run", made, upload=False)
    assert data["run"] == "run" and data["upload"] == 0 and data["means"] == [["mIoU", 20.0], ["mAcc", None]]
    assert data["classes"][0] == {"name": "road", "color": [128, 64, 128], "iou": 40.0, "accuracy": 50.0}
    assert data["curves"] == [["mIoU", [(10, 1.5)]]]
    assert page_data(tmp_path / "run", made, upload=True)["upload"] > 2**20


def test_no_name_gets_out_of_the_data_script():
    data = {"name": EVIL, "line": "\u2028'\"\\ \ud800"}
    script = data_script(data)
    assert script.isascii()
    text = re.fullmatch(r'"use strict";\nconst DATA = JSON\.parse\((".*")\);\n', script)[1]
    assert json.loads(json.loads(text)) == data


def test_the_script_of_the_page_writes_no_markup():
    script = (PAGE / "viewer.js").read_text()
    assert "textContent" in script
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script)
    page = (PAGE / "index.html").read_text()
    assert not re.findall(r"""https?:|\son\w+=|style=|<script>""", page)


@pytest.mark.parametrize(
    "address",
    [
        *("pictures/0003_photo.jpg", "pictures/0000_photo.png", "pictures/0000_label.png", "pictures/00000_photo.jpg", "pictures/"),
        *("pictures/../index.json", "pictures/..%2findex.json", "pictures/%2e%2e/index.json", "/pictures/0000_photo.jpg", "index.json"),
        *("pictures/0000_photo.jpg/", "pictures/0000_photo.jpg\n", "pictures//0000_photo.jpg", "pictures/٠٠٠٠_photo.jpg", "../secret"),
        *("view/0000_photo.jpg", "pictures/0000_photo.jpg\0", "pictures\\0000_photo.jpg", "config.py"),
    ],
)
def test_no_other_file_is_a_picture(tmp_path, address):
    made = write_run(tmp_path / "run")
    (tmp_path / "secret").write_text("")
    assert picture_file(tmp_path / "run", made, "pictures/0000_photo.jpg").is_file()
    assert picture_file(tmp_path / "run", made, address) is None


def test_a_link_is_no_picture(tmp_path):
    made = write_run(tmp_path / "run")
    file = tmp_path / "run/view/0000_photo.jpg"
    (tmp_path / "secret").write_text("")
    file.unlink()
    assert picture_file(tmp_path / "run", made, "pictures/0000_photo.jpg") is None
    file.symlink_to(tmp_path / "secret")
    assert picture_file(tmp_path / "run", made, "pictures/0000_photo.jpg") is None


def test_the_page_as_files(tmp_path):
    made = write_run(tmp_path / "run")
    (tmp_path / "run/view/0002_photo.jpg").unlink()
    for _ in range(2):  # an earlier page is replaced
        check_export(tmp_path / "site")
        assert export(tmp_path / "run", made, tmp_path / "site") == 3
    files = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()}
    pictures = {f"pictures/{path.name}" for path in (tmp_path / "run/view").glob("0*")}
    assert files == {*STATIC, "data.js"} | pictures and len(pictures) == 5
    assert (tmp_path / "site/pictures/0001_prediction.png").read_bytes() == (tmp_path / "run/view/0001_prediction.png").read_bytes()


def test_pictures_of_an_earlier_page_do_not_stay(tmp_path):
    """Such as those of a run with more images, or with labels."""
    made = write_run(tmp_path / "run")
    export(tmp_path / "run", made, tmp_path / "site")
    (tmp_path / "site/pictures/notes.txt").write_text("mine")
    export(tmp_path / "run", {**made, "images": made["images"][:1], "kinds": ["photo"]}, tmp_path / "site")
    assert sorted(path.name for path in (tmp_path / "site/pictures").iterdir()) == ["0000_photo.jpg", "notes.txt"]


def test_files_of_others_are_not_replaced(tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    check_export(folder)
    (folder / "index.html").write_text("mine")
    assert "something else is there" in refusal(lambda: check_export(folder))
    assert "something else is there" in refusal(lambda: check_export(folder / "index.html"))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_the_page_is_part_of_the_package():
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    patterns = [(Path(ROOT, *package.split(".")), pattern) for package, its in declared.items() for pattern in its]
    found = {path for folder, pattern in patterns for path in folder.glob(pattern)}
    others = {path for path in (ROOT / "mmseg").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert others <= found and PAGE / "viewer.js" in found
