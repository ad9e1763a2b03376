"""Real chains: a training, pseudo-labels by it, a training on them, and an evaluation of the first in another way."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmseg.apis.launching.commands import arguments
from mmseg.apis.launching.rows import study_runs
from mmseg.apis.launching.runs import Run
from mmseg.apis.training.train import train
from mmseg.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER
from tests import tiny
from tests.apis.chain_study import chain_study, write_config
from tests.cli.study_script import environment, launched

SCRIPT = """
from pathlib import Path
import experiments, run_experiments
from tests.apis.chain_study import ConfigFile, chain_study
experiments.STUDIES.clear()
experiments.STUDIES[7] = chain_study(ConfigFile(path={config!r}), Path({data!r}))
run_experiments.main()
"""


@pytest.fixture(scope="module")
def chain(tiny_data, tmp_path_factory) -> SimpleNamespace:
    """The study, launched once: its folder, its command and what it printed."""
    folder = tmp_path_factory.mktemp("chain")
    setup = write_config(folder, tiny_data, **{"default_hooks.checkpoint.interval": 1})
    (folder / "study.py").write_text(SCRIPT.format(config=setup.path, data=str(tiny_data)))
    command = [sys.executable, str(folder / "study.py")]
    done = launched([*command, "--exp", "7", "--jobs", "2"])
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(folder=folder, command=command, done=done, study=chain_study(setup, tiny_data))


@pytest.fixture
def copy(chain, tmp_path, monkeypatch) -> dict[str, Run]:
    """The runs of the first row in a copy of their folder."""
    shutil.copytree(chain.folder / "runs", tmp_path / "runs")
    ((last,), _) = study_runs(chain.study, options={"work_dir": str(tmp_path / "runs")}).values()
    monkeypatch.chdir(tiny.ROOT)
    return last.stages


def test_a_launch_runs_every_stage_once(chain):
    assert chain.done.stdout.startswith("4 runs, 0 of them finished, 2 at a time.")
    assert chain.done.stdout.count("started  ") == 4 and chain.done.stdout.count("finished: ") == 4
    assert "finished: labels  " in chain.done.stdout
    again = launched([*chain.command, "--exp", "7", "--only", "c.1@student"])
    assert again.returncode == 0 and again.stdout.startswith("3 runs, 3 of them finished") and "started" not in again.stdout


def test_a_summary_has_the_numbers_of_the_last_stage(chain):
    runs = study_runs(chain.study)
    student, fast = (runs[address][0].result["metrics"]["mIoU"] for address in ("c.1", "c.2"))
    source = runs["c.1"][0].before["source"].result["metrics"]["mIoU"]
    listed = launched([*chain.command, "--list", "7"]).stdout
    for line, value in {"c.1 ": student, "  @source": source, "  @student": student, "  @fast": fast}.items():
        assert next(row for row in listed.splitlines() if f"│ {line}" in row).split("│")[7].strip() == f"{value:.1f}", listed
    cells = next(row for row in chain.done.stdout.splitlines() if "│ c.1 │" in row).split("│")
    assert [cells[4].strip(), cells[8].strip()] == [f"{student:.1f}", f"{source:.1f}"]


def test_configs_name_digests_and_checkpoints_remember_them(chain):
    """No file of a run holds the path of another one."""
    ((student,), _) = study_runs(chain.study).values()
    source = student.before["source"].digest
    meta = torch.load(student.folder / "latest.pth", weights_only=True)["meta"]
    for text in ((student.folder / "config.py").read_text(), meta["config"]):
        assert f"run:{source}/checkpoint" in text and "latest.pth" not in text
    header = json.loads((student.before["labels"].product / HEADER).read_text())
    assert header["digest"] == source and header["complete"]


def state(run: Run) -> dict:
    return torch.load(run.folder / "latest.pth", weights_only=True)["state_dict"]


def test_a_training_that_was_killed_ends_in_the_same_bits(copy, monkeypatch):
    """In the middle of the last stage: it starts from one product and trains on another."""
    student, expected = copy["student"], state(copy["student"])
    shutil.rmtree(student.folder)
    save = CheckpointHook.after_train_iter

    def killed(hook, runner, *arguments, **options):
        save(hook, runner, *arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointHook, "after_train_iter", killed)
        with pytest.raises(KeyboardInterrupt):
            train(student.cfg, student.folder)
    assert student.state == "interrupted" and student.cfg.load_from.startswith("run:")
    (copy["source"].folder / "latest.pth").unlink()  # a state has all weights
    train(student.cfg, student.folder, resume=True)
    resumed = state(student)
    assert expected.keys() == resumed.keys() and all(torch.equal(expected[key], resumed[key]) for key in expected)


def run_stage(run: Run) -> subprocess.CompletedProcess:
    """The command of a stage, by hand."""
    command = [sys.executable, *arguments(run)]
    return subprocess.run(command, cwd=tiny.ROOT, env=environment(), capture_output=True, text=True, timeout=300)


def files(folder: Path) -> dict[str, bytes]:
    """The content of all files but the header, which names the command."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != HEADER}


def test_pseudo_labels_that_were_killed_end_in_the_same_bits(copy):
    product = copy["labels"].product
    expected, header = files(product), json.loads((product / HEADER).read_text())
    first, *_, last = sorted(product.rglob("*.png"))
    first.unlink()
    last.unlink()
    (last.parent / f".{last.stem}.1.part.png").write_bytes(b"half")  # of a process that is gone
    (product / "label_counts.json").unlink()
    (product / HEADER).write_text(json.dumps({**{key: header[key] for key in header if key != "shares"}, "complete": False}))
    done = run_stage(copy["labels"])
    assert done.returncode == 0, done.stderr
    assert files(product) == expected  # also without what the killed process left half-written
    again = json.loads((product / HEADER).read_text())
    assert {**again, "made_by": ""} == {**header, "made_by": ""}


def test_labels_of_another_checkpoint_are_refused(copy):
    """Where the training of the first stage was repeated in its folder, with a difference."""
    checkpoint = copy["source"].folder / "latest.pth"
    content = torch.load(checkpoint, weights_only=True)
    torch.save({**content, "hooks": {}}, checkpoint)
    done = run_stage(copy["labels"])
    assert done.returncode == 2 and "holds pseudo-labels of another checkpoint (" in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].endswith("Choose another folder, or move this one elsewhere.")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"complete": False}, "is not complete: what makes it was interrupted. Finish it with: python tools/prepare/pseudo_labels.py"),
        (
            {"classes": ["road", "sky"]},
            "is made for other classes: 2, and 19 are needed. Make another with a network of the classes that are needed.",
        ),
        ({"kind": "priors"}, "holds a product of the kind 'priors', and 'pseudo-labels' are needed."),
        (None, "is not valid JSON"),
    ],
)
def test_products_that_are_refused_before_a_training(copy, change, text):
    student = copy["student"]
    shutil.rmtree(student.folder)
    file = copy["labels"].product / HEADER
    file.write_text("{" if change is None else json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(UserError) as caught:
        train(student.cfg, student.folder)
    assert text in str(caught.value) and "\n" not in str(caught.value)
    assert not student.folder.exists()


def test_a_product_that_is_gone(copy):
    student = copy["student"]
    shutil.rmtree(student.folder)
    shutil.rmtree(copy["labels"].product)
    with pytest.raises(UserError, match="is gone") as caught:
        train(student.cfg, student.folder)
    command = shlex.split(str(caught.value).partition("Make it anew with: ")[2])
    done = launched([sys.executable, *command[1:]])
    assert done.returncode == 0 and done.stdout.endswith(f"labels: {copy['labels'].product}\n"), done.stderr


def test_smoke_and_dry_run_go_through_whole_chains(chain, tmp_path):
    smoked = launched([*chain.command, "--exp", "7", "--only", "c.1", "--smoke"])
    assert smoked.returncode == 0 and "1 of 1 trainings work" in smoked.stdout, smoked.stderr
    dry = launched([*chain.command, "--exp", "7", "--only", "c.1", "--dry-run"])
    places = [line.split()[0] for line in dry.stdout.splitlines() if line.startswith("c.1")]
    assert dry.returncode == 0 and places == ["c.1@source", "c.1@labels", "c.1@student"], dry.stderr
    shutil.rmtree(tiny.ROOT / "configs/generated/7")
