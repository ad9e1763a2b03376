"""The page in a browser, where there is one."""

import re
import shutil
import subprocess
from html import unescape

import pytest

from mmseg.apis.viewing.content import export
from tests.apis.viewing.looked_at import EVIL, index, write_run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> str:
    """The page of a run with hostile names, opened from a disk, as the browser has it when its script has run."""
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    folder = tmp_path_factory.mktemp("browser")
    run = folder / EVIL.replace("/", "")
    made = write_run(run, index(names=["a.png", f"{EVIL}.png", "c.png"]))
    log = run / "20260101/vis_data/scalars.json"
    log.parent.mkdir(parents=True)
    log.write_text('{"mIoU": 10.5, "<b>loss": 1, "step": 10}\n{"mIoU": 20.5, "step": 20}\n')
    export(run, made, folder / "page")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile")
    page = (folder / "page/index.html").as_uri()
    command = [BROWSER, *options, "--virtual-time-budget=5000", "--dump-dom", page]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_are_text(shown):
    assert unescape(re.search(r"<title>(.*?)</title>", shown)[1]) == EVIL.replace("/", "")
    assert shown.count("&lt;img src=x onerror=") >= 4  # run, image in the list and above the pictures, class, curve
    images = re.findall(r"<img\b[^>]*>", shown)
    assert len(images) == 5 and not [image for image in images if "onerror" in image]
    assert "<b>loss" not in shown


def test_the_page_shows_the_worst_image_first(shown):
    listed = re.search(r'<ol id="images">(.*?)</ol>', shown, re.DOTALL)[1]
    assert re.findall(r"<b\b[^>]*>(.*?)</b>", listed) == ["mIoU 10.00", "mIoU 30.00", "confidence 52.00"]
    assert re.search(r'<img id="left"[^>]* src="pictures/0001_photo.jpg"', shown)
    assert re.search(r'<img id="right"[^>]* src="pictures/0001_prediction.png"', shown)
    assert re.search(r"clip-path: inset\(0(px)? 0(px)? 0(px)? 50%\)", shown)


def test_scores_curves_and_no_place_for_photographs(shown):
    assert "3 images · mIoU 20.00 · mAcc absent" in shown
    assert len(re.findall(r"<polyline\b", shown)) == 1 and "mIoU: 20.500 at 20" in shown
    assert re.search(r'<label id="drop" hidden="">', shown)
