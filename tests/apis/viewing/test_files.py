"""What lies in the folder of a run."""

import json
import os

from mmseg.apis.viewing.files import KINDS, RunFiles, inside, picture_name, read_index
from tests.apis.viewing.looked_at import index, write_run
from tests.cli.failures import refusal


def fill(folder, *names):
    for name in names:
        (folder / name).write_text("")


def test_config_and_checkpoint(tmp_path):
    fill(tmp_path, "config.json", "model.json", "model.safetensors")
    found = RunFiles.find(tmp_path)
    assert (found.run, found.config.name, found.checkpoint.name) == (tmp_path, "config.json", "model.safetensors")
    (tmp_path / "config.json").unlink()
    assert "holds no config among its files" in refusal(lambda: RunFiles.find(tmp_path))


def test_the_state_changes_with_the_files(tmp_path):
    fill(tmp_path, "config.py", "latest.pth")
    os.utime(tmp_path / "latest.pth", (1000, 1000.7))
    before = RunFiles.find(tmp_path).state
    assert before["checkpoint"] == [0, 1000]
    (tmp_path / "latest.pth").write_text("longer")
    os.utime(tmp_path / "latest.pth", (1000, 1000.2))
    after = RunFiles.find(tmp_path).state
    assert after["checkpoint"] == [6, 1000] and after["config"] == before["config"]


def test_pictures_are_called_by_number_and_kind():
    assert picture_name(7, "photo") == "0007_photo.jpg" and picture_name(12345, "label") == "12345_label.png"
    assert {suffix for _, suffix in KINDS.values()} == {".jpg", ".png"}


def test_links_out_of_a_run_are_not_inside(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder in (run / "view", other):
        folder.mkdir(parents=True)
    (other / "secret").write_text("")
    (run / "view" / "a").symlink_to(other / "secret")
    (run / "elsewhere").symlink_to(other)
    (tmp_path / "link").symlink_to(run)
    assert inside(run, "view", "a") is None and inside(run, "elsewhere", "secret") is None
    assert inside(run, "..", "other", "secret") is None
    assert inside(tmp_path / "link", "view", "b") == run / "view" / "b"  # the run itself may be a link


def test_an_index_is_read_back_and_a_broken_one_is_refused(tmp_path):
    assert read_index(tmp_path / "nothing") is None
    made = write_run(tmp_path / "run")
    file = tmp_path / "run/view/index.json"
    assert read_index(tmp_path / "run") == made == index()
    image = {"name": 1, "mIoU": 0, "confidence": 0}
    for broken in ({"version": 2}, {"kinds": ["../../etc"]}, {"images": [image]}, {"metrics": {"mIoU": "x"}}):
        file.write_text(json.dumps({**made, **broken}))
        assert refusal(lambda: read_index(tmp_path / "run")).startswith(f"{file} ")


def test_an_index_elsewhere_is_not_read(tmp_path):
    write_run(tmp_path / "other")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/view").symlink_to(tmp_path / "other/view")
    assert "view is a link" in refusal(lambda: read_index(tmp_path / "run"))
    (tmp_path / "run/view").unlink()
    (tmp_path / "run/view").mkdir()
    (tmp_path / "run/view/index.json").symlink_to(tmp_path / "other/view/index.json")
    assert read_index(tmp_path / "run") is None
