"""The table of studies: addresses, sharing between tables, published numbers."""

import pytest

from experiments import STUDIES
from mmseg.experiments import ConfigFile, Published, Row, Study, Table
from mmseg.utils.errors import UserError
from tests import tiny

ROWS = [(number, address, row) for number, study in STUDIES.items() for address, row in study.rows.items()]


def test_shared_rows_are_rows_of_the_study_they_name():
    shared = [(number, row) for number, _, row in ROWS if row.shared_with is not None]
    assert shared
    for number, row in shared:
        own = [other.setup for other in STUDIES[row.shared_with].rows.values() if other.shared_with is None]
        assert own.count(row.setup) == 1, (number, row.title)


def test_no_run_is_listed_twice_in_a_study():
    for study in STUDIES.values():
        own = [row.setup for row in study.rows.values() if row.shared_with is None]
        assert len(set(own)) == len(own)


@pytest.mark.parametrize(
    ("number", "address", "published"),
    [
        (40, "gta.1", "73.8 ± 0.3"),
        (44, "7.5", "72.4 ± 0.1"),
        (80, "acdc.1", "70.4 (test split)"),
        (41, "2.3", "44.3 ± 0.4"),
        (83, "components.1", "None"),
    ],
)
def test_published_numbers(number, address, published):
    assert str(STUDIES[number].rows[address].published) == published


def test_configs_of_rows_exist():
    assert all((tiny.ROOT / row.setup.path).is_file() for _, _, row in ROWS if isinstance(row.setup, ConfigFile))


def row(title: str) -> Row:
    return Row(title=title, setup=ConfigFile(path="configs/demo/demo2demo_daformer.py"), published=Published(mean=1.0))


STUDY = Study(
    title="s",
    source="p",
    tables=(Table(key="3", title="a", rows=(row("x"), row("y"))), Table(key="four", title="b", rows=(row("z"),))),
)


def test_rows_are_chosen_by_address_or_table():
    assert list(STUDY.select(())) == ["3.1", "3.2", "four.1"]
    assert list(STUDY.select(["four", "3.2", "3.2"])) == ["3.2", "four.1"]
    assert STUDY.select(["3.2"])["3.2"].title == "y"


@pytest.mark.parametrize(("name", "fix"), [("fuor.1", "Did you mean 'four.1'?"), ("9", "Known: 3, four, 3.1, 3.2, four.1.")])
def test_an_unknown_row_names_the_closest(name, fix):
    with pytest.raises(UserError, match="no such row or table") as error:
        STUDY.select([name])
    assert str(error.value).endswith(fix)
