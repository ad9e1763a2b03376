"""Advice about rows that are chains of stages, which are refused where they are defined, and about the names of their stages."""

from pathlib import Path

from mmengine.config import Config

from mmseg.config.references import from_stage, with_digests
from mmseg.experiments import Command, ConfigFile, Row, Stage
from mmseg.utils.repository import ROOT
from tests.advice.following import Followed, advice, table
from tests.apis.chain_study import chain_study

SETUP = ConfigFile(path="configs/demo/demoHR_source_only.py")
SOURCE = Stage(name="source", setup=SETUP)


def row(*stages: Stage):
    return lambda: Row(title="", setup=stages)


def named(name: str):
    return row(SOURCE, Stage(name=name, setup=SETUP))


def student(stage: str, product: str):
    return row(SOURCE, Stage(name="student", setup=SETUP, changes={"load_from": from_stage(stage, product)}))


def tool(path: str):
    return lambda: Command(tool=path, product="out")


@table(
    [
        Followed("so nothing would be trained. Give it at least one.", row(), row(SOURCE)),
        Followed(
            "'{}' cannot be the name of a stage. Use letters and digits, another name for each stage of a row.",
            named("stage@2"),
            lambda _: named("stage2")(),
        ),
        Followed(
            "'{}' cannot be the name of a stage. Use letters and digits, another name for each stage of a row.",
            named("source"),
            lambda given: named(f"{given}2")(),
        ),
        Followed(
            "takes '{}' from '{}', which does not make it. Did you mean '{}'?",
            student("source", "chekpoint"),
            lambda _, stage, near: student(stage, near)(),
        ),
        Followed(
            "takes '{}' from '{}', which does not make it. Did you mean '{}'?",
            student("sorce", "checkpoint"),
            lambda product, _, near: student(near, product)(),
        ),
        Followed(
            "A stage cannot run {}, which does not exist. Name a file of tools/, such as tools/test.py.",
            tool("tools/prepare/prior.py"),
            lambda _: [tool(str(path.relative_to(ROOT)))() for path in (ROOT / "tools").glob("*.py")],
        ),
    ]
)
def test_stages(row):
    row.follow()


def test_a_stage_that_a_row_has_not():
    study = chain_study(SETUP, Path("data"))
    given, near = advice("--only {}: there is no such stage. Did you mean '{}'?", lambda: study.select_stages(["c.1@label"]))
    assert study.select_stages([f"{given.partition('@')[0]}@{near}"]) == {"c.1": ("labels",)}


def test_a_reference_to_no_earlier_stage():
    def resolved(stage: str) -> Config:
        return with_digests(Config({"load_from": from_stage(stage, "checkpoint")}), {"source": "01234567"})

    reference, near = advice("{} is no product of an earlier stage of this row. Did you mean '{}'?", lambda: resolved("sorce"))
    assert reference == "stage:sorce/checkpoint" and resolved(near).load_from == "run:01234567/checkpoint"
