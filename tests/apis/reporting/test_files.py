"""The files of a summary: CSV that reads back, Markdown, and a page that needs nothing else."""

import base64
import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from mmseg.apis.reporting import pictures as summary_pictures
from mmseg.apis.reporting.files import csv_text, write_summary
from mmseg.apis.reporting.page import page
from mmseg.apis.reporting.summary import collect
from mmseg.experiments import Published
from mmseg.utils.errors import UserError
from tests.apis.fake_study import evaluation, make_study, write_choice, write_picture, write_run

VOID = {"meta", "img", "br", "link"}
HOSTILE = "<script>alert('&')</script> | $x_1$"


class Page(HTMLParser):
    """Checks that elements close in order; keeps their names, attributes, and the text outside of styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


@pytest.fixture
def study_and_runs(tmp_path):
    """Two rows of two seeds, with dead classes and pseudo-labels, and one that never ran."""
    published = [Published(mean=45.0), Published(mean=50.0, note="test split")]
    study, runs = make_study(tmp_path, [HOSTILE, "b", "open"], published=published)
    for address in ("7.1", "7.2"):
        for run in runs[address]:
            early = evaluation(500, 30.1, {"road": 80.0, "train": 20.0}, pseudo_share={"road": 95.0, "train": 5.0})
            late = evaluation(1000, 44 + run.cfg.seed / 3, {"road": 90.0, "train": 0.0}, pseudo_share={"road": 100.0, "train": 0.0})
            write_run(run, [early, late])
    return study, runs


def made(study_and_runs) -> Page:
    return Page(page(collect(*study_and_runs), 44, "python tools/summarize.py 44"))


def test_csv_reads_back(study_and_runs):
    lines = list(csv.DictReader(io.StringIO(csv_text(collect(*study_and_runs), 44))))
    _, runs = study_and_runs
    assert [(line["row"], line["seed"]) for line in lines] == [(f"7.{row}", str(seed)) for row in (1, 2, 3) for seed in (0, 1)]
    second, third, last = lines[1], lines[2], lines[-1]
    assert float(second["mIoU"]) == 44 + 1 / 3 and float(second["IoU.road"]) == 90.0 and float(second["mIoU.thin"] or "nan") != 0
    expected = {"study": "44", "table": "7", "title": HOSTILE, "state": "finished", "iteration": "1000", "published_mean": "45.0"}
    assert expected.items() <= second.items() and second["published_note"] == ""
    assert (second["digest"], second["folder"]) == (runs["7.1"][1].digest, str(runs["7.1"][1].folder))
    assert third["published_note"] == "test split"
    assert (last["state"], last["iteration"], last["mIoU"], last["published_mean"]) == ("open", "", "", "")
    assert last["mIoU_best"] == last["choice"] == ""


def test_csv_of_last_chosen_and_best(tmp_path):
    study, runs = make_study(tmp_path, ["a"])
    write_run(runs["7.1"][0], [evaluation(100, 60.0), evaluation(200, 50.0), evaluation(300, 40.0)])
    write_choice(runs["7.1"][0], 200, 300)
    write_run(runs["7.1"][1], [evaluation(100, 60.0), evaluation(200, 50.0)], finished=False)
    finished, begun = csv.DictReader(io.StringIO(csv_text(collect(study, runs), 44)))
    expected = {"iteration": "300", "mIoU": "40.0", "choice": "200", "mIoU_at_choice": "50.0", "mIoU_best": "60.0", "mIoU.thin_best": ""}
    assert expected.items() <= finished.items()
    assert {begun[name] for name in ("mIoU", "choice", "mIoU_at_choice", "mIoU_best")} == {""}


def test_the_page_needs_nothing_else(study_and_runs):
    text = page(collect(*study_and_runs), 44, "python tools/summarize.py 44")
    assert "http" not in text and "@import" not in text
    parsed = Page(text)
    assert not {"script", "link", "iframe", "object"} & set(parsed.tags)
    references = [value for name, value in parsed.attributes if name in ("src", "href", "xlink:href")]
    assert references and all(value.startswith(("#", "data:image/jpeg;base64,")) for value in references)


def test_ids_are_unique_and_referred_to(study_and_runs):
    parsed = made(study_and_runs)
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for name, value in parsed.attributes if name == "href"}
    targets |= {value[5:-1] for name, value in parsed.attributes if name == "clip-path"}
    assert targets and targets <= set(ids)


def test_the_page_shows_tables_charts_and_dead_classes(study_and_runs):
    parsed = made(study_and_runs)
    assert parsed.tags.count("svg") == 4 and parsed.tags.count("table") == 2
    for text in (
        f"7.1 {HOSTILE}",
        "44.2 ± 0.2",
        "not run",
        "4 of 6 runs finished",
        "seed 1: train died (best 20.0 at 500)",
        "50.0 (test split)",
    ):
        assert text in parsed.text, text


def test_a_study_that_never_ran_has_a_page(tmp_path):
    parsed = made(make_study(tmp_path, ["a"]))
    assert "svg" not in parsed.tags and "not run" in parsed.text


def test_pictures_are_embedded_once_and_fit(study_and_runs, monkeypatch):
    monkeypatch.setattr(summary_pictures, "BUDGET", 300_000)
    _, runs = study_and_runs
    write_picture(runs["7.1"][0], 500)
    write_picture(runs["7.1"][0], 1000)
    write_picture(runs["7.2"][1])
    (runs["7.2"][0].folder / "pictures").mkdir()
    parsed = made(study_and_runs)
    sources = [value for name, value in parsed.attributes if name == "src"]
    assert len(sources) == 2 and sum(map(len, sources)) < 310_000
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(sources[0].partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert 480 <= decoded.shape[1] < 800 and decoded.shape[1] == 2 * decoded.shape[0]
    assert f"7.1 {HOSTILE}, seed 0, iteration 1,000" in parsed.text and "7.2 b, seed 1, iteration 1,000" in parsed.text


def test_a_broken_picture_is_left_out(study_and_runs):
    _, runs = study_and_runs
    write_picture(runs["7.1"][0])
    next((runs["7.1"][0].folder / "pictures").iterdir()).write_bytes(b"no picture")
    assert "img" not in made(study_and_runs).tags


def test_files(study_and_runs, tmp_path):
    paths = write_summary(collect(*study_and_runs), 44, tmp_path / "new" / "out", "python tools/summarize.py 44")
    assert [path.name for path in paths] == ["summary.md", "summary.csv", "summary.html"]
    assert sorted((tmp_path / "new" / "out").iterdir()) == sorted(paths)
    text = paths[0].read_text()
    assert text.startswith("# 44: Made up\n") and "`python tools/summarize.py 44`" in text and "IoU per class" in text


def test_a_folder_that_cannot_be_written(study_and_runs, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"Cannot write .*summary.md: .*writable folder"):
        write_summary(collect(*study_and_runs), 44, tmp_path / "file" / "out", "command")


def test_a_chart_over_an_axis(study_and_runs, tmp_path):
    """Rows with a place on the axis of their table; those without a result are left out."""
    study, runs = study_and_runs
    (table,) = study.tables
    places = ({"RIPU": 0, "random": 0}, {"RIPU": 5}, {"RIPU": 100})
    rows = tuple(replace(row, places=place) for row, place in zip(table.rows, places, strict=True))
    summary = collect(replace(study, tables=(replace(table, rows=rows, axis="labelled pixels"),)), runs)
    values = [44.0, 44 + 1 / 3]
    assert summary.tables[0].lines == {"RIPU": [(0, values), (5, values)], "random": [(0, values)]}
    assert "mIoU over labelled pixels" in Page(page(summary, 44, "command")).text
    (written,) = [path for path in write_summary(summary, 44, tmp_path / "out", "command") if path.suffix == ".png"]
    assert written.name == "7.png" and cv2.imread(str(written)).std() > 5
    assert not collect(study, runs).tables[0].lines
