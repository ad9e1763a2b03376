"""Study 131: what its stages run."""

import pytest

from experiments import STUDIES
from mmseg.apis.adapting.choices import METHODS
from mmseg.apis.launching.commands import arguments, check_tool_options
from mmseg.apis.launching.rows import study_runs
from mmseg.utils.storage.run_folder import RESULT
from tests import tiny
from tools import adapt


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    return study_runs(STUDIES[131], only=["styles"], seeds=[0], options={"work_dir": str(tmp_path)})


def test_every_method_follows_the_same_training(rows):
    found = [run.command["options"]["method"] for (run,) in rows.values()]
    assert tuple(found) == METHODS
    ((demo,),) = study_runs(STUDIES[0], only=["demo.3"], seeds=[0], options={}).values()
    assert {run.stages["train"].digest for (run,) in rows.values()} == {demo.digest}


def test_its_commands_are_complete(rows, monkeypatch):
    for (run,) in rows.values():
        check_tool_options(run)
        tool, *words = arguments_of(run)
        monkeypatch.setattr("sys.argv", [tool, *words])
        args = adapt.parse_args()
        assert args.streams == [f"{name}=configs/_base_/datasets/demo_{name}_val.py" for name in ("fog", "night", "town")]
        assert args.rounds == 3 and args.forgetting is True and args.out == run.product


def arguments_of(run) -> list[str]:
    """As they will be when the training has left its checkpoint."""
    checkpoint = run.stages["train"].product
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.touch()
    (checkpoint.parent / RESULT).touch()
    return arguments(run)
