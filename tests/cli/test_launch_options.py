"""What ``run_experiments.py`` refuses before anything starts, and what it writes without training."""

import sys
from pathlib import Path

import pytest

import run_experiments
from experiments import STUDIES
from mmseg.apis.launching.rows import study_runs
from mmseg.apis.launching.runs import distinct
from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.utils.options.config_text import config_text
from tests import tiny


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("--exp 44 --demo --smoke", "--smoke and --demo are two sizes of a study. Give one of them."),
        ("--exp 44 --smoke --dry-run", "--smoke trains and --dry-run does not. Give one of them."),
        ("--config x.py --only 7.2", "--only belongs to a study. Give its --exp ID."),
        ("--list --only 7.2", "--only belongs to a study. Give its --exp ID."),
        ("--config x.py --demo", "--demo belongs to a study. Give its --exp ID."),
        ("--list --seed 3", "--seed and --cfg-options belong to runs. Give --list a study, or leave them out."),
        ("--list --cfg-options uda.alpha=0.9", "--seed and --cfg-options belong to runs. Give --list a study, or leave them out."),
        ("--list 44 --dry-run", "--list trains nothing and writes nothing. Leave out --smoke and --dry-run."),
        ("--config x.py --smoke --dry-run", "--smoke trains and --dry-run does not. Give one of them."),
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
    assert last == f"{len(runs)} configs written to configs/generated/44, with index.txt; nothing was trained."
    named = {(line.split()[0], int(line.split()[2])): line.split()[3] for line in lines}
    assert sorted({address for address, _ in named}) == sorted(STUDIES[44].select(only)) and {seed for _, seed in named} == {3, 4}
    assert {(tmp_path / path).stem for path in named.values()} == set(files)
    assert not demo or all(name.startswith("demo_") for name in files)
    assert not (tmp_path / "work_dirs").exists()
    index = (tmp_path / "configs/generated/44/index.txt").read_text().splitlines()
    assert index == [line.replace("configs/generated/44/", "") for line in lines]


def ended(monkeypatch, *arguments: object) -> int | None:
    """The exit code of the launcher."""
    monkeypatch.setattr(sys, "argv", ["run_experiments.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        run_experiments.main()
    return stop.value.code


def test_a_dry_run_removes_what_an_earlier_one_wrote_and_nothing_else(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "configs/generated/44"
    assert ended(monkeypatch, "--exp", 44, "--only", "7.6", "--dry-run") == 0
    earlier = {path.name for path in folder.iterdir()}
    (folder / "mine.py").write_text("")
    (tmp_path / "outside.py").write_text("")
    with open(folder / "index.txt", "a") as index:  # a damaged index
        index.write("7.6 seed 0  ../../../outside.py\n\nmissing.py\n")
    assert ended(monkeypatch, "--exp", 44, "--only", "7.5", "--seed", 3, "--dry-run") == 0
    now = {path.name for path in folder.iterdir()}
    assert len(earlier) == 4 and len(now) == 3 and earlier & now == {"index.txt"} and "mine.py" in now
    assert (tmp_path / "outside.py").exists()


def test_a_dry_run_of_a_config_of_ones_own(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_loss.py").write_text("")
    (tmp_path / "own.py").write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\ncustom_imports = dict(imports=['own_loss'])\n")
    assert ended(monkeypatch, "--config", "own.py", "--seed", 2, "--dry-run") == 0
    folder = tmp_path / "configs/generated/own"
    (file,) = folder.glob("own_s2_*.py")
    assert load_config(file).seed == 2 and (folder / "own_loss.py").is_file()
    assert (folder / "index.txt").read_text() == f"own            seed 2  {file.name}\nalso           own_loss.py\n"
    assert ended(monkeypatch, "--config", "own.py", "--seed", 3, "--dry-run") == 0
    assert not file.exists() and (folder / "own_loss.py").is_file()


MISTAKES = [
    ("uda.pseudo_treshold=0.9", "DACS got an unexpected option 'pseudo_treshold'. Did you mean 'pseudo_threshold'?"),
    ("uda.alpha=1.5", "DACS: alpha is 1.5. It should be less than or equal to 1."),
    ("uda.blur=false", "DACS: blur is 'false'. It should be True or False."),
    ("uda.labeling=[{'type':'ConfidenceShare','treshold':0.9}]", "ConfidenceShare got an unexpected option 'treshold'. Did you mean"),
    ("uda.objectives={'mixed':{'type':'MixedSupervision','wieght':2}}", "MixedSupervision got an unexpected option 'wieght'."),
    ("model.decode_head.chanels=3", "HRDAHead got an unexpected option 'chanels'. Did you mean 'channels'?"),
    (
        "model.decode_head.loss_decode={'type':'CrossEntropyLoss','loss_wieght':2}",
        "CrossEntropyLoss got an unexpected option 'loss_wieght'. Did you mean 'loss_weight'?",
    ),
    ("model.decode_head.num_classes=7", "model.decode_head.num_classes is 7, but the source data have 19 classes. Set"),
    ("model.decode_head.decoder_params.fusion_cg=1", "decoder_params got an unexpected option 'fusion_cg'. Did you mean 'fusion_cfg'?"),
    ("model.backbone.type=mit_b9", "'mit_b9' is not a registered model."),
    ("optim_wrapper.optimizer.lr=-1", "AdamW: lr is -1. It should be greater than or equal to 0."),
    ("param_scheduler.0.start_facto=2", "LinearLR got an unexpected option 'start_facto'. Did you mean 'start_factor'?"),
    ("train_dataloader.num_workers=1000", "DataLoader: num_workers is 1000. It should be less than or equal to 256."),
    ("train_dataloader.dataset.source.imgdir=x", "GTADataset got an unexpected option 'imgdir'. Did you mean 'img_dir'?"),
    ("train_dataloader.dataset.source_crop.flip_prob=2", "CropOptions: flip_prob is 2. It should be less than or equal to 1."),
    ("default_hooks.checkpoint.intervall=2", "CheckpointHook got an unexpected option 'intervall'. Did you mean 'interval'?"),
    ("env_cfg.cudnn_benchmrk=True", "env_cfg got an unexpected option 'cudnn_benchmrk'. Did you mean 'cudnn_benchmark'?"),
    ("val_evaluator.subset=1", "IoUMetric got an unexpected option 'subset'. Did you mean 'subsets'?"),
]


@pytest.mark.parametrize(("option", "line"), MISTAKES, ids=[option for option, _ in MISTAKES])
def test_a_dry_run_and_a_list_check_what_a_training_would(fails, monkeypatch, tmp_path, option, line):
    for command, prefix in ((["--exp", "44", "--only", "7.6", "--dry-run"], "7.6: "), (["--list", "44", "--only", "7.6"], "7.6: ")):
        said = fails(run_experiments.main, *command, "--cfg-options", f"work_dir={tmp_path}", option)
        assert said.startswith(f"{prefix}{line}"), said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["--exp", "44", "--only", "7.6"], ["--list", "44", "--only", "7.6"], ["--config", tiny.CONFIG]])
@pytest.mark.parametrize("seed", ["-1", "1.5", "True"])
def test_a_seed_is_a_whole_number_from_0(fails, tmp_path, command, seed):
    dry = [] if "--list" in command else ["--dry-run"]
    line = fails(run_experiments.main, *command, *dry, "--cfg-options", f"work_dir={tmp_path}", f"seed={seed}")
    assert line == f"The seed {seed} is none. Use a whole number from 0 to 4294967295."


def test_list_names_every_study(monkeypatch, capsys):
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(sys, "argv", ["run_experiments.py", "--list"])
    with pytest.raises(SystemExit):
        run_experiments.main()
    printed = capsys.readouterr().out
    for number, study in STUDIES.items():
        assert f"│ {number}" in printed and study.title in printed and study.source in printed
