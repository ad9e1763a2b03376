"""Files for people who cite, report or contribute: they can be read, and say what is so."""

import re
from pathlib import Path

import pytest
import yaml

import mmseg
from mmseg.models.weights.licences import LICENCES
from tests.tiny import ROOT

PAGES = ("CONTRIBUTING.md", "SECURITY.md")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
OF_FORMS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


@pytest.fixture(scope="module")
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_is_of_this_version(citation):
    assert citation["version"] == mmseg.__version__
    assert f'name = "{citation["title"]}"' in (ROOT / "pyproject.toml").read_text()


def test_the_citation_has_what_its_format_asks_for(citation):
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software" and citation["message"] and citation["authors"]
    assert citation["license"] == "Apache-2.0"
    for reference in citation["references"]:
        assert {"type", "title", "authors", "year"} <= set(reference)
        assert all({"family-names", "given-names"} <= set(author) for author in reference["authors"])


def test_the_papers_are_those_of_the_readme(citation):
    readme = re.sub(r"[{}]|\s+", " ", (ROOT / "README.md").read_text())
    for reference in citation["references"]:
        title = re.sub(r"\s+", " ", reference["title"].partition(": ")[2])
        assert title in re.sub(r" +", " ", readme), title


def test_there_are_forms():
    assert {"bug.yml", "question.yml", "config.yml"} <= {form.name for form in FORMS}


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.stem)
def test_a_form_has_its_fields(form):
    content = yaml.safe_load(form.read_text())
    assert content["name"] and content["description"]
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= OF_FORMS and all(field["attributes"]["label"] for field in fields)
    names = [field["id"] for field in fields]
    assert names and len(set(names)) == len(names)


def headings(page: Path) -> set[str]:
    """The places of a page that a link can lead to."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", (ROOT / name).read_text())
    assert targets
    for target in targets:
        path, _, place = target.partition("#")
        assert (ROOT / path).exists() and (not place or place in headings(ROOT / path)), target


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_files_that_a_page_names_exist(name):
    text = (ROOT / name).read_text()
    named = re.findall(r"(?<![\w./])((?:tools|tests|mmseg|docs)/[\w./]+)", text)
    assert named and not [path for path in named if not (ROOT / path.rstrip(".")).exists()]


def test_notice_has_the_licence_of_every_encoder():
    """By the first words of each."""
    notice = (ROOT / "NOTICE").read_text()
    assert all(licence.split()[0].rstrip(",") in notice for licence in LICENCES.values())
    assert "NVIDIA Source Code License for SegFormer" in notice
