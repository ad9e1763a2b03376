"""Chains of runs: one folder and one digest for each stage, shared beginnings, failures in the middle. Nothing is trained."""

import json
import sys
from dataclasses import replace

import pytest

from mmseg.apis.launching import launch
from mmseg.apis.launching.commands import arguments, option_words
from mmseg.apis.launching.generated import place_of
from mmseg.apis.launching.launch import lacking, launch_all, ready, say_what_is_missing
from mmseg.apis.launching.listing import list_rows, list_studies
from mmseg.apis.launching.needs import check_needs
from mmseg.apis.launching.processes import Start
from mmseg.apis.launching.rows import chosen_runs, study_runs
from mmseg.apis.launching.runs import distinct
from mmseg.apis.reporting.files import csv_text
from mmseg.apis.reporting.page import page
from mmseg.apis.reporting.summary import collect
from mmseg.apis.reporting.tables import print_study
from mmseg.apis.training.checks import check_runs
from mmseg.config.config import load_config
from mmseg.config.small.shrink import demo, shrink
from mmseg.experiments import ConfigFile
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import write_config as write_run_config
from tests import tiny
from tests.apis.chain_study import TOOL, chain_study, write_config
from tests.apis.fake_study import evaluation, write_run


@pytest.fixture
def study(tmp_path, tiny_data):
    return chain_study(write_config(tmp_path, tiny_data), tiny_data)


@pytest.fixture
def runs(study):
    return study_runs(study)


def stages(runs) -> dict:
    """The runs of all stages by 'row@stage'."""
    return {f"{address}@{name}": run for address, (last,) in runs.items() for name, run in last.stages.items()}


def test_each_stage_is_a_run_with_the_digests_of_its_inputs(runs, tmp_path):
    found = stages(runs)
    assert list(found) == ["c.1@source", "c.1@labels", "c.1@student", "c.2@source", "c.2@fast"]
    source, labels, student = (found[f"c.1@{name}"] for name in ("source", "labels", "student"))
    assert source.digest == found["c.2@source"].digest and source.folder == found["c.2@source"].folder
    assert source.inputs == [] and labels.inputs == [source.digest] and set(student.inputs) == {source.digest, labels.digest}
    assert student.cfg.load_from == f"run:{source.digest}/checkpoint"
    assert labels.folder == tmp_path / "runs" / f"base_labels_s0_{labels.digest}"
    assert (labels.product, student.product) == (labels.folder / "labels", student.folder / "latest.pth")
    assert len(distinct(found.values())) == 4


def test_a_complete_config_is_read_again_as_the_same_run(runs):
    for run in stages(runs).values():
        write_run_config(run.folder / "config.py", run.cfg)
        assert load_config(run.folder / "config.py").to_dict() == run.cfg.to_dict()
        run.check_config()


def test_a_change_early_in_a_chain_makes_all_after_it_new(study, runs, tmp_path, tiny_data):
    longer = stages(study_runs(chain_study(write_config(tmp_path, tiny_data), tiny_data, iterations=4)))
    other_labels = stages(study_runs(chain_study(write_config(tmp_path, tiny_data), tiny_data, options={"threshold": 0.9})))
    before = {name: run.digest for name, run in stages(runs).items()}
    assert all(longer[name].digest != digest for name, digest in before.items())
    same = {name for name, digest in before.items() if other_labels[name].digest == digest}
    assert same == {"c.1@source", "c.2@source", "c.2@fast"}


def test_the_images_of_an_evaluation_are_part_of_what_a_command_does(tmp_path, tiny_data):
    """And not of what a training learns."""
    before = stages(study_runs(chain_study(write_config(tmp_path, tiny_data), tiny_data)))
    smaller = write_config(tmp_path, tiny_data, **{"val_dataloader.dataset.test_scale": (64, 32)})
    after = stages(study_runs(chain_study(smaller, tiny_data)))
    assert before["c.1@source"].digest == after["c.1@source"].digest and before["c.2@fast"].digest != after["c.2@fast"].digest


def test_one_stage_and_what_it_lacks(study, runs):
    def names(*only: str) -> dict[str, list[str]]:
        chosen = chosen_runs(study, study_runs(study, only=only), only)
        return {address: [run.name for run in chain] for address, chain in chosen.items()}

    assert names() == {"c.1": ["source", "labels", "student"], "c.2": ["source", "fast"]}
    assert names("c.1@labels") == {"c.1": ["source", "labels"]}
    assert names("c@source") == {"c.1": ["source"], "c.2": ["source"]}
    assert [place_of("c.2", run) for run in chosen_runs(study, runs, ["c.2@fast"])["c.2"]] == ["c.2@source", "c.2@fast"]


def test_the_command_of_a_stage(runs):
    found = stages(runs)
    labels, source = found["c.1@labels"], found["c.1@source"]
    with pytest.raises(UserError, match=f"no folder in .* ends with _{source.digest}"):
        arguments(labels)
    write_run(source, [evaluation(2, 10)])
    images = labels.cfg.command.options["images"]
    given = [str(labels.folder / "config.py"), str(source.folder / "latest.pth"), "--out", str(labels.folder / "labels")]
    assert arguments(labels) == [str(tiny.ROOT / TOOL), *given, "--images", images, "--class-quantile", "0.5"]
    assert Start(gpus=4).command(labels) == [sys.executable, *arguments(labels)]
    assert option_words({"a_b": True, "c": False, "d": None, "e": [1, 2], "f": "x"}) == ["--a-b", "--e", "1", "2", "--f", "x"]


WORK = """
import json, sys
from pathlib import Path
folder, product, fails = Path(sys.argv[1]), sys.argv[2], {fails!r}
if any(f"_{{name}}_" in folder.name for name in fails):
    sys.exit(f"error: {{folder.name}} cannot be done.")
(folder / product).write_text("{{}}")
if product == "latest.pth":
    (folder / "result.json").write_text(json.dumps({{"iteration": 2, "metrics": {{"mIoU": 50.0}}, "seed": 0}}))
"""


@pytest.fixture
def launched(monkeypatch):
    """Launches runs whose work is to write their product; returns how they ended and the folders in the order of their starts."""
    monkeypatch.setattr(launch, "prepare", lambda runs: None)
    monkeypatch.setattr("mmseg.engine.checkpoints.checkpoint.read_checkpoint", lambda *_, **__: {"meta": {"iteration": 2}})

    def run(study, runs, *, fails=(), only=(), jobs=1):
        started = []

        def command(_, run):
            started.append(run.name)
            return [sys.executable, "-c", WORK.format(fails=fails), str(run.folder), run.product.name]

        monkeypatch.setattr(Start, "command", command)
        todo = [run for chain in chosen_runs(study, runs, only).values() for run in chain]
        return launch_all(todo, jobs, Start()), started

    return run


def test_a_chain_goes_in_order_and_shares_its_beginning(study, runs, launched):
    outcomes, started = launched(study, runs)
    assert started == ["source", "labels", "student", "fast"] and all(outcome.run.finished for outcome in outcomes)
    assert say_what_is_missing(outcomes) == 0
    assert launched(study, runs) == ([], [])
    labels = stages(runs)["c.1@labels"]
    assert labels.result["iteration"] == 2 and labels.result["metrics"] == {} and labels.outcome == "labels"


def test_one_stage_is_run_alone(study, runs, launched):
    assert launched(study, runs, only=["c.1@source"])[1] == ["source"]
    assert launched(study, runs, only=["c.1@labels"])[1] == ["labels"]
    assert launched(study, runs)[1] == ["student", "fast"]


def test_a_product_that_is_gone_is_made_anew(study, runs, launched):
    launched(study, runs, only=["c.1@labels"])
    labels = stages(runs)["c.1@labels"]
    assert labels.finished
    labels.product.unlink()
    assert labels.state == "open" and launched(study, runs, only=["c.1@labels"])[1] == ["labels"]


def test_after_a_failure_later_stages_are_not_started_and_other_rows_go_on(study, runs, launched, capsys):
    outcomes, started = launched(study, runs, fails=["labels"])
    assert started == ["source", "labels", "fast"]
    found = {outcome.run.name: outcome for outcome in outcomes}
    labels, student = found["labels"], found["student"]
    assert found["source"].run.finished and found["fast"].run.finished
    assert labels.failure == f"{labels.run.folder.name} cannot be done." and student.lacks.digest == labels.run.digest
    assert f"not started: it needs {labels.run.folder}, which is not finished  {student.run.folder}\n" in capsys.readouterr().out
    assert say_what_is_missing(outcomes) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == f"  {student.run.folder.name}: not started, it needs {labels.run.folder.name}, which is not finished."
    assert launched(study, runs)[1] == ["labels", "student"]  # the next launch tries again


def test_a_failed_first_stage_stops_all_rows_that_begin_with_it(study, runs, launched):
    outcomes, started = launched(study, runs, fails=["source"], jobs=2)
    assert started == ["source"]
    assert [bool(outcome.lacks) for outcome in outcomes] == [False, True, True, True]


def test_what_can_be_started(runs):
    """Rows stand side by side, stages one after the other."""
    found = stages(runs)
    source, labels, student, fast = (found[name] for name in ("c.1@source", "c.1@labels", "c.1@student", "c.2@fast"))
    todo = [source, labels, student, fast]
    assert ready(todo, {}, []) == [source] and ready(todo, {}, [source]) == []
    ended = {source.digest: launch.Outcome(run=source)}
    assert ready(todo, ended, []) == [labels, fast] and ready(todo, ended, [labels]) == [fast]
    assert lacking(labels, ended) is source and lacking(source, ended) is None
    assert ready([student], {}, []) == [student]  # what it needs is no part of this launch


def test_a_listing_shows_every_stage(study, runs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    found = stages(runs)
    write_run(found["c.1@source"], [evaluation(2, 12.5)])
    (found["c.1@labels"].folder / "labels").mkdir(parents=True)
    list_rows(study, runs)
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines() if "│" in line]
    digests = {name: run.digest for name, run in found.items()}
    assert lines == [
        ["c.1", digests["c.1@student"], "open", "", "self-training", "", "", "", ""],
        ["@source", digests["c.1@source"], "1/1 finished", "", "makes latest.pth", "", "12.5", "", ""],
        ["@labels", digests["c.1@labels"], "1/1 interrupted", "", "makes labels", "", "", "", ""],
        ["@student", digests["c.1@student"], "open", "", "makes latest.pth", "", "", "", ""],
        ["c.2", digests["c.2@fast"], "open", "", "fast", "", "", "", ""],
        ["@source", digests["c.2@source"], "1/1 finished", "", "makes latest.pth", "", "12.5", "", ""],
        ["@fast", digests["c.2@fast"], "open", "", "makes evaluation.json", "", "", "", ""],
    ]
    list_studies({7: replace(study, seeds=(0, 1))})
    assert "│ 7  │ tests │ Made up │    2 │         8 │" in capsys.readouterr().out  # four runs, two seeds


def test_numbers_of_the_last_stage_and_of_an_earlier_one(study, runs):
    found = stages(runs)
    write_run(found["c.1@source"], [evaluation(2, 12.5)])
    write_run(found["c.1@student"], [evaluation(2, 20.0)])
    (table,) = collect(study, runs).tables
    first, second = table.rows
    assert first.values("mIoU") == [20.0] and first.values("source:mIoU") == [12.5]
    assert second.values("mIoU") == [] and second.runs[0].value("source:mIoU") == 12.5
    assert first.runs[0].value("labels:mIoU") is None


def test_a_command_is_not_trained(runs, tmp_path):
    from mmseg.apis.training.train import train

    with pytest.raises(UserError, match=r"is of a stage that runs tools/prepare/pseudo_labels\.py: there is nothing to train"):
        train(stages(runs)["c.1@labels"].cfg, tmp_path / "run")


def test_the_result_of_an_evaluation(runs, launched, study, monkeypatch):
    fast = stages(runs)["c.2@fast"]
    launched(study, runs, only=["c.2@source"])
    write_run_config(fast.folder / "config.py", fast.cfg)
    (fast.folder / "evaluation.json").write_text(json.dumps({"metrics": {"mIoU": 33.0, "IoU.car": None}, "images": 2}))
    from mmseg.apis.launching.commands import result

    assert result(fast)["metrics"] == {"mIoU": 33.0, "IoU.car": None}
    (fast.folder / "evaluation.json").write_text(json.dumps({"metrics": {"mIoU": "high"}}))
    with pytest.raises(UserError, match=r"holds \['metrics'\]\['mIoU'\] = 'high'.* Move it elsewhere and run the stage again\."):
        result(fast)


def test_a_chain_on_the_demo_domains_keeps_what_it_takes_from_earlier_stages(tmp_path):
    """A stage starts from one that is as small; a file of a large network would not fit."""
    setup = ConfigFile(path="configs/daformer/gta2cs_daformer.py")
    ((last,), _) = study_runs(chain_study(setup, tmp_path), demo=True, options={"work_dir": str(tmp_path)}).values()
    source, labels = last.before["source"], last.before["labels"]
    assert last.cfg.load_from == f"run:{source.digest}/checkpoint" and last.folder.name.startswith("demo_gta2cs_daformer_student_s0_")
    assert last.cfg.train_dataloader.dataset.source.to_dict() == {
        "type": "CityscapesDataset",
        "data_root": "data/demo/cityscapes",
        "img_dir": "leftImg8bit/train",
        "ann_dir": f"run:{labels.digest}/labels",
    }
    assert labels.cfg.command.checkpoint == f"run:{source.digest}/checkpoint"
    assert "load_from" not in demo(load_config(setup.path, {"load_from": "large.pth"}))


def test_a_small_chain_draws_every_class_of_labels_that_hardly_have_any(tmp_path):
    setup = ConfigFile(path="configs/daformer/gta2cs_daformer.py")
    ((last,), _) = study_runs(chain_study(setup, tmp_path), options={"work_dir": str(tmp_path)}).values()
    pixels = [shrink(run.cfg, tmp_path).train_dataloader.dataset.rare_class_sampling.min_pixels for run in (last.before["source"], last)]
    assert pixels == [2, 0]


def test_a_row_that_ends_without_numbers(study, launched, capsys):
    """Pseudo-labels alone: tables and the page say that there is nothing."""
    row = replace(study.rows["c.1"], setup=study.rows["c.1"].setup[:2])
    study = replace(study, tables=(replace(study.tables[0], rows=(row,)),))
    runs = study_runs(study)
    launched(study, runs)
    summary = collect(study, runs)
    assert summary.tables[0].rows[0].values("mIoU") == [] and summary.tables[0].rows[0].values("source:mIoU") == [50.0]
    print_study(study, runs)
    assert "│ c.1 │ self-training │ 1 │" in capsys.readouterr().out
    assert "self-training" in page(summary, 7, "command") and "self-training" in csv_text(summary, 7)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"class_quantle": 0.5}, "unrecognized arguments: --class-quantle 0.5. Did you mean '--class-quantile'?"),
        ({"class_quantile": 5}, "--class-quantile 5.0 is no share."),
        ({"threshold": "high"}, "argument --threshold: invalid float value: 'high'."),
        ({"soft": True, "threshold": 0.9}, "--soft keeps the probabilities of all pixels."),
    ],
)
def test_options_of_a_command_are_refused_before_anything_is_trained(tmp_path, tiny_data, options, text):
    runs = study_runs(chain_study(write_config(tmp_path, tiny_data), tiny_data, options=options))
    chain = [run for group in runs.values() for run in group[0].chain()]
    argv = list(sys.argv)
    for check in (lambda: check_runs(runs), lambda: check_needs(chain)):
        with pytest.raises(UserError) as caught:
            check()
        assert text in str(caught.value) and "tools/prepare/pseudo_labels.py: " in str(caught.value)
    assert sys.argv == argv
