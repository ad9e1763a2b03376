"""Rows that are chains: what a study refuses when it is defined, and what --only names."""

from pathlib import Path

import pytest

from mmseg.apis.launching.rows import small_rows
from mmseg.experiments import Command, ConfigFile, Row, Stage, from_stage
from mmseg.utils.errors import UserError
from tests.apis.chain_study import TOOL, chain_study

SETUP = ConfigFile(path="configs/demo/demoHR_source_only.py")


def command(checkpoint: str | None = None, **options: object) -> Command:
    return Command(tool=TOOL, product="labels", checkpoint=checkpoint, options=options)


def test_a_chain_knows_its_stages():
    study = chain_study(SETUP, Path("data"))
    assert study.rows["c.1"].stages == ("source", "labels", "student") and study.rows["c.2"].stages == ("source", "fast")
    assert Row(title="one training", setup=SETUP).stages == ()


@pytest.mark.parametrize(
    ("stages", "text"),
    [
        ((), "A row has no stage"),
        ((Stage(name="a", setup=SETUP), Stage(name="a", setup=SETUP)), "'a' cannot be the name of a stage."),
        ((Stage(name="a@b", setup=SETUP),), "'a@b' cannot be the name of a stage."),
        (
            (Stage(name="a", setup=SETUP, changes={"load_from": from_stage("a", "checkpoint")}),),
            "The stage 'a' takes 'checkpoint' from 'a', which does not make it. Stages before it: none.",
        ),
        (
            (Stage(name="source", setup=SETUP), Stage(name="b", setup=SETUP, changes={"load_from": from_stage("sorce", "checkpoint")})),
            "takes 'checkpoint' from 'sorce', which does not make it. Did you mean 'source'?",
        ),
        (
            (Stage(name="source", setup=SETUP), Stage(name="b", setup=SETUP, command=command(from_stage("source", "chekpoint")))),
            "takes 'chekpoint' from 'source', which does not make it. Did you mean 'checkpoint'?",
        ),
        (
            (
                Stage(name="labels", setup=SETUP, command=command()),
                Stage(name="b", setup=SETUP, command=command(priors=[from_stage("labels", "checkpoint")])),
            ),
            "takes 'checkpoint' from 'labels', which does not make it.",
        ),
    ],
)
def test_what_no_chain_is(stages, text):
    with pytest.raises(UserError, match=text.replace("?", r"\?")):
        Row(title="", setup=stages)


def test_a_tool_that_does_not_exist():
    with pytest.raises(UserError, match=r"cannot run tools/prepare/prior\.py, which does not exist"):
        Command(tool="tools/prepare/prior.py", product="priors.json")


def test_what_only_names():
    study = chain_study(SETUP, Path("data"))
    assert study.select_stages([]) == {"c.1": (), "c.2": ()}
    assert study.select_stages(["c@source"]) == {"c.1": ("source",), "c.2": ("source",)}
    assert study.select_stages(["c.2@fast", "c.1@labels", "c.1@student"]) == {"c.1": ("labels", "student"), "c.2": ("fast",)}
    assert study.select_stages(["c.1@labels", "c.1"]) == {"c.1": ()}
    assert list(study.select(["c@labels"])) == ["c.1"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.1@label", r"--only c\.1@label: there is no such stage\. Did you mean 'labels'\?"),
        ("c.2@zzz", r"--only c\.2@zzz: there is no such stage\. Its stages: source, fast\."),
        ("d@source", r"--only d@source: no such row or table\."),
    ],
)
def test_stages_that_are_not_there(name, text):
    with pytest.raises(UserError, match=text):
        chain_study(SETUP, Path("data")).select_stages([name])


def test_what_a_smoke_run_of_one_stage_goes_through():
    study = chain_study(SETUP, Path("data"))
    found = {
        only: {address: list(stages) for address, (_, stages) in small_rows(study, [only], 0).items()} for only in ("c.1@labels", "c.2")
    }
    assert found == {"c.1@labels": {"c.1": ["source", "labels"]}, "c.2": {"c.2": ["source", "fast"]}}
