"""States of a study as a table."""

from dataclasses import replace

import pytest

from mmseg.apis.launching.listing import list_rows, state_text
from mmseg.experiments import Published
from mmseg.utils.storage.locks import locked
from tests.apis.fake_study import evaluation, make_study, write_run


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ("finished finished finished", "3/3 finished"),
        ("open finished interrupted", "1/3 finished, 1 interrupted"),
        ("interrupted running", "1/2 running, 1 interrupted"),
        ("open open", "open"),
    ],
)
def test_state_of_a_row(states, text):
    assert state_text(states.split()) == text


def cells(printed: str, address: str) -> list[str]:
    (line,) = (line for line in printed.splitlines() if f"│ {address} " in line)
    return [cell.strip() for cell in line.split("│")[1:-1]]


def test_listing_in_a_pipe(tmp_path, capsys, monkeypatch):
    """Finished, running and open rows; 10 and 20 are 15.0 ± 7.1 (n - 1). Nothing is cut off."""
    monkeypatch.setenv("COLUMNS", "40")
    study, runs = make_study(
        tmp_path, ["a row with quite a long title", "second", "third"], published=[Published(mean=21.5, deviation=0.4)]
    )
    (table,) = study.tables
    study = replace(study, tables=(replace(table, rows=(replace(table.rows[0], shared_with=42), *table.rows[1:])),))
    for run, value in zip(runs["7.1"], (10, 20), strict=True):
        write_run(run, [evaluation(100, value)])
    write_run(runs["7.2"][0], [evaluation(100, 30)])
    with locked(runs["7.2"][1].folder):
        list_rows(study, runs)
    printed = capsys.readouterr().out
    digests = {address: group[0].digest for address, group in runs.items()}
    title = "a row with quite a long title"
    assert cells(printed, "7.1") == ["7.1", digests["7.1"], "2/2 finished", "42", title, "21.5 ± 0.4", "15.0 ± 7.1", "-", "15.0 ± 7.1"]
    assert cells(printed, "7.2") == ["7.2", digests["7.2"], "1/2 finished, 1 running", "", "second", "", "30.0", "-", "30.0"]
    assert cells(printed, "7.3") == ["7.3", digests["7.3"], "open", "", "third", "", "", "", ""]
