"""tools/view.py as a user runs it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import cv2
import pytest

from mmseg.apis.viewing import predicting
from tests import tiny
from tests.cli.test_start import HEAVY, started
from tools import view as view_tool

KINDS = ["photo", "label", "prediction", "context", "detail", "attention", "confidence"]


@pytest.fixture(scope="module")
def seen(trained, tmp_path_factory) -> Path:
    """A run with the pictures of its two validation images, and its page as files."""
    run = tmp_path_factory.mktemp("seen") / "run"
    shutil.copytree(trained, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny.ROOT)
        patch.setattr("sys.argv", ["view.py", str(run), "--export", str(run.parent / "page"), "--device", "cpu"])
        view_tool.main.__wrapped__()
    return run


@pytest.fixture
def copied(seen, tmp_path) -> Path:
    return Path(shutil.copytree(seen, tmp_path / "run"))  # with times of change


@pytest.fixture
def no_network(monkeypatch):
    """Nothing may be predicted."""
    monkeypatch.setattr(predicting, "init_model", lambda *_: pytest.fail("a network was loaded"))


def page_data(page: Path) -> dict:
    text = (page / "data.js").read_text()
    return json.loads(json.loads(text[text.index("(") + 1 : text.rindex(")")]))


def test_the_numbers_are_those_of_the_evaluation(seen):
    index = json.loads((seen / "view/index.json").read_text())
    assert index["kinds"] == KINDS and len(index["images"]) == 2
    assert index["metrics"] == json.loads((seen / "result.json").read_text())["metrics"]
    files = {path.name for path in (seen / "view").iterdir()}
    assert len(files) == 15 and cv2.imread(str(seen / "view/0001_attention.png")).shape == (64, 128, 3)


def test_the_page(seen):
    data = page_data(seen.parent / "page")
    assert data["upload"] == 0 and len(data["classes"]) == 19
    ious = [image["iou"] for image in data["images"]]
    assert ious == sorted(ious) and {"mIoU", "IoU.road", "lr"} <= {name for name, _ in data["curves"]}
    for image in data["images"]:
        for kind in KINDS:
            address = image["pictures"][kind]
            assert (seen.parent / "page" / address).read_bytes() == (seen / "view" / Path(address).name).read_bytes()


def test_what_was_predicted_is_not_predicted_again(copied, works, no_network, tmp_path):
    works(view_tool.main, copied, "--export", tmp_path / "page")
    (copied / "latest.pth").unlink()  # nor is the network needed to look at it
    (copied / "best.pth").unlink(missing_ok=True)
    works(view_tool.main, copied, "--export", tmp_path / "page")
    assert len(page_data(tmp_path / "page")["images"]) == 2


def test_nothing_heavy_is_imported_to_look_at_it(copied, tmp_path):
    """A page is there before torch is."""
    done, found = started(tiny.command("tools/view.py", str(copied), "--export", str(tmp_path / "page")), tmp_path)
    assert done.returncode == 0 and not found & HEAVY, (done.stderr, found)


def test_a_changed_checkpoint_is_predicted_anew(copied, works, tmp_path):
    before = (copied / "view/index.json").read_text()
    os.utime(copied / "latest.pth", (10**9, 10**9))
    works(view_tool.main, copied, "--export", tmp_path / "page", "--device", "cpu")
    after = json.loads((copied / "view/index.json").read_text())
    assert after["made_of"]["checkpoint"][1] == 10**9 and after["images"] == json.loads(before)["images"]


def test_pictures_without_an_index_count_as_none(copied, works, tmp_path):
    """What an interrupted step leaves."""
    (copied / "view/index.json").unlink()
    works(view_tool.main, copied, "--export", tmp_path / "page", "--device", "cpu")
    assert (copied / "view/index.json").is_file()


def test_it_is_served_and_predicts_a_photograph(copied, tiny_data):
    command = tiny.command("tools/view.py", str(copied), "--port", "0", "--device", "cpu")
    with subprocess.Popen(
        command, cwd=tiny.ROOT, env=tiny.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline()
            address = line.partition("images: ")[2].split()[0]
            assert line.startswith("2 images: http://127.0.0.1:"), server.stderr.read()
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert b"viewer.js" in answer.read()
            photo = next((tiny_data / "cityscapes/leftImg8bit/val").rglob("*.png")).read_bytes()
            with urllib.request.urlopen(f"{address}photograph", data=photo, timeout=120) as answer:
                assert list(json.load(answer)["pictures"]) == [kind for kind in KINDS if kind != "label"]
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=60)
    assert server.returncode == 130 and errors == "interrupted\n"


def test_a_taken_port_is_said_before_anything_is_predicted(copied, fails, no_network):
    (copied / "view/index.json").unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails(view_tool.main, copied, "--port", port)
    assert line.startswith(f"Cannot listen on 127.0.0.1, port {port}: Address already in use.")


def test_a_run_without_checkpoint_and_predictions(copied, fails, tmp_path):
    shutil.rmtree(copied / "view")
    for file in copied.glob("*.pth"):
        file.unlink()
    assert fails(view_tool.main, copied, "--port", 0).startswith(f"{copied} holds no checkpoint among its files")
    assert fails(view_tool.main, tmp_path / "none", "--port", 0).startswith(f"{tmp_path / 'none'} is not a folder.")


def test_a_folder_of_pictures_elsewhere(copied, fails, tmp_path):
    (copied / "view").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/index.json").unlink()
    (copied / "view").symlink_to(tmp_path / "elsewhere")
    before = sorted((tmp_path / "elsewhere").iterdir())
    assert "view is a link" in fails(view_tool.main, copied, "--port", 0, "--device", "cpu")
    assert sorted((tmp_path / "elsewhere").iterdir()) == before
