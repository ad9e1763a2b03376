"""Advice about runs that are looked at in a browser."""

import shutil

import cv2
import numpy as np
import pytest

from mmseg.apis.viewing import photographs
from mmseg.apis.viewing.content import check_export, export
from mmseg.apis.viewing.files import read_index
from mmseg.apis.viewing.server import ViewServer
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tests.apis.viewing.looked_at import write_run
from tools import view as view_tool


def test_pictures_of_a_run(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    made = write_run(run)
    fix = "Move it elsewhere: the images are predicted anew."
    shutil.move(run / "view", elsewhere)
    (run / "view").symlink_to(elsewhere)
    advice("nothing outside of the run is shown. Move it elsewhere: the images are predicted anew.", lambda: read_index(run))
    (run / "view").rename(tmp_path / "link")
    assert read_index(run) is None  # so that they are predicted
    shutil.move(elsewhere, run / "view")
    assert read_index(run) == made
    (run / "view/index.json").write_text("{")
    with pytest.raises(ValueError, match=fix):
        read_index(run)
    (run / "view/index.json").rename(tmp_path / "index.json")
    assert read_index(run) is None


def test_a_folder_for_a_page(tmp_path):
    made = write_run(tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/index.html").touch()
    advice("something else is there. Choose a new or an empty folder.", lambda: check_export(tmp_path / "mine"))
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        check_export(tmp_path / name)
        assert export(tmp_path / "run", made, tmp_path / name) == 3


def test_a_port_that_is_taken():
    with ViewServer("127.0.0.1", 0) as first:
        taken = first.server_address[1]
        said = advice("Cannot listen on {}, port {}: {}. Choose another --port or --host.", lambda: ViewServer("127.0.0.1", taken))
        assert said[:2] == ["127.0.0.1", str(taken)]
        args = parsed(view_tool, "run --port 0 --host localhost")
        with ViewServer(args.host, args.port) as second:
            assert second.server_address[1] not in (0, taken)


def test_a_photograph_of_too_many_pixels(monkeypatch):
    def decode(height: int):
        return lambda: photographs.decode_photo(cv2.imencode(".png", np.zeros((height, 20, 3), np.uint8))[1].tobytes())

    monkeypatch.setattr(photographs, "MAX_PIXELS", 400)
    most = advice("{} has {}x{} pixels, more than {} altogether. Make it smaller.", decode(21))[-1]
    assert decode(int(most) // 20)().shape == (20, 20, 3)
