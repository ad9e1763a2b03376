"""What ``run_experiments.py`` refuses before anything starts, and what it writes without training."""

import sys
from pathlib import Path

import pytest

import run_experiments
from experiments import STUDIES
from mmseg.apis.launching.runs import distinct, study_runs
from mmseg.config.config import digest, load_config
from mmseg.utils.config_text import config_text
from tests import tiny


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("--exp 44 --demo --smoke", "--smoke and --demo are two sizes of a study. Give one of them."),
        ("--exp 44 --smoke --dry-run", "--smoke trains and --dry-run does not. Give one of them."),
        ("--config x.py --only 7.2", "--only belongs to a study. Give its --exp ID."),
        ("--list --only 7.2", "--only belongs to a study. Give its --exp ID."),
        ("--config x.py --demo", "--demo belongs to a study. Give its --exp ID."),
        ("--config x.py --smoke", "--smoke belongs to --exp ID. Leave it out, or give a study."),
        ("--list 44 --dry-run", "--dry-run belongs to --exp ID. Leave it out, or give a study."),
        ("--config x.py --seed 0 1", "--seed 0 1: --config trains one run. Give one seed."),
        ("--exp 0 --jobs 0", "--jobs 0: no run would ever start. Use 1 or more."),
        ("--config x.py --jobs 2", "--jobs 2: one run at a time is trained here. Leave it out."),
        ("--exp 0 --gpus 0", "--gpus 0: no process would ever start. Use 1 or more."),
        ("--exp 0 --smoke --gpus 2", "--gpus and --launcher are for trainings. Leave them out."),
        ("--list 0 --launcher slurm", "--gpus and --launcher are for trainings. Leave them out."),
        ("--exp 44 --only 7.9", "--only 7.9: no such row or table. Did you mean '7.6'?"),
        ("--list 44 --only nine", "--only nine: no such row or table. Known: 3, 4, 5, 6, 7, weight, scale, 3.1, "),
    ],
)
def test_contradictory_or_unknown(fails, arguments, line):
    assert fails(run_experiments.main, *arguments.split()).startswith(line)


@pytest.mark.parametrize("option", ["--exp", "--list"])
def test_unknown_study(fails, option):
    line = fails(run_experiments.main, option, "45")
    known = ", ".join(map(str, STUDIES))
    assert line == f"{option} 45: there is no such study. Known: {known}. Did you mean 44 ({STUDIES[44].title})?"


# What a study needs


RARE = "train_dataloader.dataset.rare_class_sampling.min_pixels=2"
ROOTS = {
    "train_dataloader.dataset.source": "gta",
    "train_dataloader.dataset.target": "cityscapes",
    "val_dataloader.dataset": "cityscapes",
}


def row(tmp_path: Path, *options: str) -> list[str]:
    """A row of HRDA's ablations, trained below ``tmp_path``."""
    return ["--exp", "44", "--only", "7.6", "--seed", "0", "--cfg-options", f"work_dir={tmp_path}", *options]


def test_missing_weights(fails, tmp_path, tiny_data):
    missing = tmp_path / "mit_b5.pth"
    options = [f"{part}.data_root={tiny_data / folder}" for part, folder in ROOTS.items()]
    line = fails(run_experiments.main, *row(tmp_path, *options, RARE, f"model.pretrained={missing}"))
    assert line.startswith(f"The pretrained weights {missing} do not exist. Download it with 'sh tools/download_checkpoints.sh mit_b5'")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "name", "converter"),
    [
        ("train_dataloader.dataset.source", "GTADataset", "gta"),
        ("val_dataloader.dataset", "CityscapesDataset", "cityscapes"),
    ],
)
def test_missing_data(fails, tmp_path, tiny_data, key, name, converter):
    options = [f"{part}.data_root={tiny_data / folder}" for part, folder in ROOTS.items() if part != key]
    line = fails(run_experiments.main, *row(tmp_path, "model.pretrained=None", RARE, *options, f"{key}.data_root={tmp_path}/nowhere"))
    fix = f"Put the data there as section 'Data' of README.md describes, and convert it with: python tools/convert_datasets/{converter}.py"
    assert line == f"{name} needs the folder {tmp_path}/nowhere, which does not exist. {fix} {tmp_path}/nowhere"
    assert not list(tmp_path.iterdir())


def test_run_folder_with_another_config(fails, tmp_path):
    ((run,),) = study_runs(STUDIES[44], only=["7.6"], seeds=[0], options={"work_dir": str(tmp_path)}).values()
    run.folder.mkdir()
    (run.folder / "config.py").write_text(config_text(run.cfg).replace("lambda=0.005", "lambda=0.5"))
    line = fails(run_experiments.main, *row(tmp_path))
    assert line.startswith(f"{run.folder}/config.py differs from the config that gave the folder its digest {run.digest}. Restore the file")
    assert [path.name for path in run.folder.iterdir()] == ["config.py"]


# Without training


@pytest.mark.parametrize("demo", [False, True])
def test_dry_run_writes_configs_that_load_again(monkeypatch, tmp_path, capsys, demo):
    monkeypatch.chdir(tmp_path)
    only = ["weight", "7", "3.2"]
    command = ["run_experiments.py", "--exp", "44", "--only", *only, "--seed", "3", "4", "--dry-run", *["--demo"] * demo]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        run_experiments.main()
    assert ended.value.code == 0
    runs = distinct(run for group in study_runs(STUDIES[44], only=only, seeds=[3, 4], demo=demo).values() for run in group)
    files = {path.stem: digest(load_config(path)) for path in tmp_path.glob("configs/generated/44/*.py")}
    assert files == {run.folder.name: run.digest for run in runs}
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == f"{len(runs)} configs written to configs/generated/44; nothing was trained."
    named = {(line.split()[0], int(line.split()[2])): line.split()[3] for line in lines}
    assert sorted({address for address, _ in named}) == sorted(STUDIES[44].select(only)) and {seed for _, seed in named} == {3, 4}
    assert {(tmp_path / path).stem for path in named.values()} == set(files)
    assert not demo or all(name.startswith("demo_") for name in files)
    assert not (tmp_path / "work_dirs").exists()


def test_list_names_every_study(monkeypatch, capsys):
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(sys, "argv", ["run_experiments.py", "--list"])
    with pytest.raises(SystemExit):
        run_experiments.main()
    printed = capsys.readouterr().out
    for number, study in STUDIES.items():
        assert f"│ {number}" in printed and study.title in printed and study.source in printed
