"""Advice about choosing a checkpoint without labels, and about going back to one."""

from mmseg.apis.choosing.choose import checkpoints
from mmseg.engine.checkpoints.checkpoint import save_checkpoint
from mmseg.engine.hooks import AnnotationRounds, LostClassHook
from mmseg.evaluation.choice import read_choice
from mmseg.utils.storage.run_folder import kept_file
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tools import choose as choose_tool


def save(folder, name: str, **meta: object) -> None:
    save_checkpoint(folder / name, {"meta": meta, "state_dict": {}})


def test_checkpoints_to_choose_from(tmp_path):
    save(tmp_path, "latest.pth", iteration=20)
    advice(
        "so there is nothing to choose from. Train with default_hooks.checkpoint.max_keep=N, which keeps the states of N evaluations.",
        lambda: checkpoints(tmp_path),
    )
    for iteration in (10, 20):
        save(tmp_path, kept_file(iteration), iteration=iteration)
    assert checkpoints(tmp_path) == {10: tmp_path / "iter_10.pth", 20: tmp_path / "iter_20.pth"}
    save(tmp_path, "best.pth", CLASSES=[])
    advice("does not say after which iteration it was made. Move it out of the run folder.", lambda: checkpoints(tmp_path))
    (tmp_path / "best.pth").rename(tmp_path.parent / f"{tmp_path.name}.pth")
    assert list(checkpoints(tmp_path)) == [10, 20]


def test_a_broken_choice(tmp_path):
    (tmp_path / "choice.json").write_text("{}")
    advice("Move it elsewhere and make it anew: python tools/choose.py RUN", lambda: read_choice(tmp_path))
    (tmp_path / "choice.json").unlink()
    assert read_choice(tmp_path) is None


def test_the_command_line(tmp_path):
    (tmp_path / "config.py").touch()

    def check(options: str, folder=tmp_path):
        return lambda: choose_tool.check_args(parsed(choose_tool, f"{folder} {options}"))

    advice("--images {} leaves nothing to look at. Use 1 or more.", check("--images 0"))
    advice("--seed {} is below 0. Use 0 or more.", check("--seed -1"))
    _, fix = advice("--out {}: the choice is written as JSON. Use --out {}.", check("--out a.csv"))
    advice("{} is no run: it has no {}. Give the folder of a training.", check("", tmp_path / "nowhere"))
    check(f"--images 1 --seed 0 --out {fix}")()


def test_going_back():
    advice("and none is kept. Set default_hooks.checkpoint.max_keep to a few evaluations, such as 4.", lambda: LostClassHook().check(0, []))
    rounds = AnnotationRounds(rounds=[1], budget={"ratio": 0.1}, acquisition={"type": "RegionImpurity"})
    advice("custom_hooks: {}. Remove one of the two.", lambda: LostClassHook().check(4, [rounds]))
    LostClassHook().check(4, [])
