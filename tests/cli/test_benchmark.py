"""tools/benchmark.py data, labels, self_labelling, picks, depth: the figures are there, also for demo scenes; their size is not tested."""

import json

import pytest

from tests import tiny
from tools import benchmark
from tools.benchmarks import data, depth

VARIANTS = {"without_rare_class_sampling", "with_rare_class_sampling"}


@pytest.fixture
def measured(monkeypatch, tmp_path, tiny_data):
    """Runs the command on tiny data; returns its JSON."""

    def run(*arguments: str, **changes) -> dict:
        out = tmp_path / "figures.json"
        command = ["benchmark.py", "data", tiny.CONFIG, "--samples", "4", "--rounds", "1", "--json", str(out), *arguments]
        monkeypatch.setattr("sys.argv", [*command, *tiny.options(tiny_data, **changes)])
        with pytest.raises(SystemExit) as ended:
            benchmark.main()
        assert not ended.value.code
        return json.loads(out.read_text())

    return run


def test_figures_of_a_config(measured, capsys):
    figures = measured()
    for key in ("plain", "ours", "ratio"):
        assert figures[key].keys() == VARIANTS
        assert all(value > 0 for value in (*figures[key].values(), *figures["wall"][key].values()))
    for name in VARIANTS:
        assert figures["ratio"][name] == pytest.approx(figures["ours"][name] / figures["plain"][name])  # of one round
    assert figures["passes"]["without_rare_class_sampling"] == 1
    assert figures["environment"].keys() >= {"date", "cpu", "cores", "load_average", "opencv", "torch", "python"}
    assert f"{figures['ratio']['with_rare_class_sampling']:.2f}" in capsys.readouterr().out


def test_a_config_without_rare_class_sampling(measured):
    assert measured(**{"train_dataloader.dataset.rare_class_sampling": None})["ratio"].keys() == {"without_rare_class_sampling"}


def test_demo_scenes(measured, monkeypatch, tmp_path):
    """Drawn once, at the sizes of the originals (here: smaller)."""
    monkeypatch.setattr(data, "SIZES", {"gta": (120, 66), "cityscapes": (128, 64)})
    cache = tmp_path / "cache"
    arguments = ["--demo", "--cache", str(cache), "--scenes", "2"]
    margins = {"train_dataloader.dataset.crop_pseudo_margins": [1, 1, 1, 1]}
    figures = measured(*arguments, **margins)
    drawn = {path: path.stat().st_mtime_ns for path in cache.rglob("*.png")}
    assert figures["demo"] and len(list((cache / "gta/gta/images").iterdir())) == 2
    measured(*arguments, **margins)
    assert drawn == {path: path.stat().st_mtime_ns for path in cache.rglob("*.png")}


def test_nothing_to_measure(fails):
    line = fails(benchmark.main, "data", tiny.CONFIG, "--samples", "1")
    assert line.endswith("nothing to measure. Use at least 2 samples, 1 round and 1 scene.")


def test_a_config_without_a_target(fails, tiny_data):
    changes = {"train_dataloader.dataset.target": None, "train_dataloader.dataset.target_crop": None}
    line = fails(benchmark.main, "data", tiny.CONFIG, *tiny.options(tiny_data, **changes))
    assert line.startswith("The benchmark needs a training with a target.")


@pytest.mark.parametrize("options", [[], ["--soft", "--flip"]])
def test_pseudo_labels(monkeypatch, tmp_path, tiny_data, capsys, options):
    """Their throughput beside that of the passes alone, over scenes that are drawn once."""
    monkeypatch.setattr(data, "SIZES", {"gta": (120, 66), "cityscapes": (128, 64)})
    command = ["benchmark.py", "labels", tiny.CONFIG, "--images", "3", "--rounds", "1", "--scenes", "2", "--cache", str(tmp_path / "cache")]
    monkeypatch.setattr("sys.argv", [*command, *options, "--json", str(tmp_path / "figures.json"), *tiny.options(tiny_data)])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert not ended.value.code and figures["share"] == pytest.approx(figures["labels"] / figures["bare"]) and figures["bare"] > 0
    assert (figures["size"], figures["batch"], figures["images"]) == ([64, 128], 2, 3)
    assert f"{figures['share']:.1%}" in capsys.readouterr().out


@pytest.mark.parametrize("size", [(96, 64), (1, 1)])
def test_picks(monkeypatch, tmp_path, capsys, size):
    """The plain way picks the same, until nothing is left of so small an image."""
    command = ["benchmark.py", "picks", "--size", *map(str, size), "--rounds", "1", "--json", str(tmp_path / "figures.json")]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert not ended.value.code and figures["size"] == [*reversed(size)] and len(figures["settings"]) == 2
    for figure in figures["settings"].values():
        assert figure["picks"] == figure["same_picks"] > 0 and "peak_memory" in figure
        assert {"score", "select", "total"} == figure["ours"].keys() == figure["plain"].keys()
    assert "ratio of the totals" in capsys.readouterr().out


def test_self_labelling(monkeypatch, tmp_path, capsys):
    """Both sides step, with a memory that is full; an assignment and two convolutions beside them."""
    monkeypatch.chdir(tiny.ROOT)
    small = ["--scale", "0.0625", "--memory", "128", "--rounds", "1", "--json", str(tmp_path / "figures.json")]
    changes = ["model.backbone.depth=50", "model.decode_head.channels=32", "uda.samples=64"]
    monkeypatch.setattr("sys.argv", ["benchmark.py", "self_labelling", *small, "--cfg-options", *changes])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert not ended.value.code
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["extra"] == pytest.approx(figures["step"]["ours"] / figures["step"]["plain"] - 1)  # of one round
    assert (figures["crop"], figures["whole"], figures["memory"]) == ([32, 64], [64, 128], 128)
    assert min(figures[name] for name in ("assignment", "classifier", "pyramid")) > 0
    assert f"{figures['extra']:.1%}" in capsys.readouterr().out


def test_depth(monkeypatch, tmp_path, capsys):
    """A step of the published network, the prior on a small map, and a fit; both priors drop the same."""
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(depth, "MAP", (64, 128))
    options = ["--scale", "0.05", "--rounds", "1", "--images", "2", "--pixels", "50", "--json", str(tmp_path / "figures.json")]
    monkeypatch.setattr("sys.argv", ["benchmark.py", "depth", *options, "--cfg-options", "model.backbone.depth=50"])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert not ended.value.code and figures["prior"]["same"] and figures["density"]["image"] == [40, 64]
    for name in ("all", "own"):
        assert figures["density"]["share"][name] == pytest.approx(figures["density"][name] / figures["density"]["step"])
    assert figures["fit"]["pixels"] == 2 * 96 * 161 and figures["fit"]["steps"] > 0 and "peak_memory" in figures["fit"]
    assert figures["prior"]["ratio"] == pytest.approx(figures["prior"]["ours"] / figures["prior"]["plain"])
    assert "of the step" in capsys.readouterr().out
