"""Advice about exported files, and about archives for test servers."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

from mmseg.apis.evaluating.submission import BENCHMARKS, check_archive, expected_sizes, submission_writer, write_archive
from mmseg.apis.exporting import window as export
from mmseg.apis.predicting.writers import result_files
from mmseg.datasets.reading.image_files import ImageFiles
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tests.apis.evaluating.test_submission import (
    GOOD,
    INFO,
    archive,
)
from tools import test as test_tool

# Exported files


def test_exported_files(small, tmp_path, monkeypatch):
    program = torch.export.export(torch.nn.Conv2d(3, 2, 1), (torch.zeros(1, 3, 4, 4),), strict=False)

    def save(name: str):
        return lambda: export.FORMATS[name].save(program, tmp_path / f"a{export.FORMATS[name].suffix}")

    with monkeypatch.context() as patch:
        patch.setattr(export, "ONNX_BYTES", 1)
        advice("{}. Use --format exported_program.", save("onnx"))
        save("exported_program")()
    with monkeypatch.context() as patch:
        patch.setattr(torch.onnx, "export", mock.Mock(side_effect=torch.onnx.OnnxExporterError("no such operator")))
        advice("cannot translate this network to ONNX. Use --format exported_program.", save("onnx"))
    save("exported_program")()
    assert list(tmp_path.glob("*.pt2"))
    advice("hold no pixel. Use --size and --batch of at least 1.", lambda: export.export_window(small, tmp_path / "b", (64, 64), batch=0))
    assert export.export_window(small, tmp_path / "b", (64, 64), batch=1, formats=["exported_program"])
    advice("{}. Use the data set with the classes that it was trained for.", lambda: export.description(small, (64, 64), (32, 32), 1))
    small.cfg.val_dataloader.dataset.classes = list("abcde")
    assert export.description(small, (64, 64), (32, 32), 1)["classes"] == list("abcde")


# Test servers


def test_archives(tmp_path, images):
    acdc = replace(BENCHMARKS["acdc"], images=2)
    path = tmp_path / "sent.zip"

    def check():
        return check_archive(path, acdc, images)

    def write() -> None:
        archive(tmp_path, {"a_rgb_anon.png": GOOD, "b_rgb_anon.png": GOOD})
        assert check() == []

    advice("does not exist. Write one with tools/test.py … --format-only --archive FILE.zip.", check)
    test_tool.check_args(parsed(test_tool, f"config.py latest.pth --format-only --archive {path}"))
    write()
    path.write_text("text")
    advice("cannot be read as a zip archive ({}). Write it again.", check)
    write()
    (title,) = advice("Give the folder with the test images of {}.", lambda: expected_sizes(acdc, tmp_path / "nowhere"))
    assert title == "ACDC" and len(expected_sizes(acdc, images)) == 2
    shutil.copytree(images / "rain", tmp_path / "more/other/rain")
    shutil.copytree(images / "rain", tmp_path / "more/rain")
    advice("Give the folder of the test images alone.", lambda: expected_sizes(acdc, tmp_path / "more"))
    assert len(expected_sizes(acdc, tmp_path / "more/rain")) == 1
    image = next(images.rglob("*.png"))
    content = image.read_bytes()
    image.write_bytes(b"")
    advice("The test image {} cannot be read. Copy or download the file again.", check)
    image.write_bytes(content)
    assert check() == []


def test_networks_for_benchmarks(tmp_path):
    other = {"classes": ("a", "b"), "palette": [[0, 0, 0]] * 2, "label_ids": (0, 1)}
    advice("--benchmark {}: {}. Evaluate a network that was trained for them.", lambda: submission_writer("acdc", tmp_path, other))
    assert submission_writer("acdc", {}, INFO) and write_archive(tmp_path / "a.zip", []) is None and zipfile.is_zipfile(tmp_path / "a.zip")


def test_names_for_servers(tmp_path):
    folder = Path("format")

    def files(*names: str, flat: bool = True):
        return lambda: result_files(folder, ImageFiles(Path("images"), names), flat=flat)

    advice("which is not UTF-8 or no single line. Rename {}.", files("a\nb.png"))
    assert len(files("a b.png")()) == 1
    advice("Rename one of them, or use --show-dir, which keeps the sub-folders.", files("a/0.png", "b/0.png"))
    assert len(files("a/0.png", "b/1.png")()) == len(files("a/0.png", "b/0.png", flat=False)()) == 2
