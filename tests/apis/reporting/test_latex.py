"""Tables as LaTeX: cells, escapes, and nothing that pdfLaTeX has no letter for."""

import re

import pytest

from experiments import STUDIES
from mmseg.apis.reporting.latex import comment, latex, latex_cell, latex_text, latex_text_of
from mmseg.apis.reporting.summary import collect
from mmseg.apis.reporting.tables import TextTable
from mmseg.experiments import Published
from tests.apis.fake_study import evaluation, make_study, write_run

TABLE = TextTable(title="7: a & b", headings=("", "row", "mIoU"), rows=(("7.1", "50 %", "43.0 ± 1.4"),), left=2, notes=("one\ntwo %",))


def test_a_table():
    assert latex(TABLE).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{7: a \& b}",
        r"\label{tab:7-a-b}",
        r"\begin{tabular}{llr}",
        r"\toprule",
        r" & row & mIoU \\",
        r"\midrule",
        r"7.1 & 50 \% & 43.0 $\pm$ 1.4 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "% one two %",
    ]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("a_b^c~d", r"a\_b\textasciicircum{}c\textasciitilde{}d"),
        ("$5 & #3 <1|2>", r"\$5 \& \#3 \textless{}1\textbar{}2\textgreater{}"),
        ("a --demo\n\nb", r"a -{}-demo b"),
        ("α² → ∞", r"$\alpha$$^2$ $\to$ $\infty$"),
    ],
)
def test_nothing_means_anything(text, escaped):
    assert latex_text(text) == escaped


def test_negative_numbers_have_a_minus_sign():
    assert [latex_cell(text) for text in ("-2.0", "+1.5", "-", "source-only")] == ["$-$2.0", "+1.5", "-", "source-only"]


@pytest.mark.parametrize(("text", "cell"), [("[car]", "{[}car]"), ("*all", "{*}all"), ("a [b]*", "a [b]*"), ("", "")])
def test_no_row_begins_with_an_option_of_the_line_break_before_it(text, cell):
    assert latex_cell(text) == cell


def test_a_comment_is_one_line():
    assert comment("a\n\\input{x}") == r"% a \input{x}"


def test_the_file(tmp_path):
    study, runs = make_study(tmp_path, ["50 % & more"], published=[Published(mean=45.0)])
    for run in runs["7.1"]:
        write_run(run, [evaluation(1000, 44.0 + run.cfg.seed, {"traffic_light": 20.0})])
    text = latex_text_of(collect(study, runs), 7, "python tools/summarize.py 7 --latex")
    assert r"7.1 & 50 \% \& more & 2 & 44.5 $\pm$ 0.7 & 44.0 & - & 44.5 $\pm$ 0.7 & 45.0 & $-$0.5" in text
    assert r"traffic\_light & 20.0 \\" in text and "Written by python tools/summarize.py 7 --latex" in text
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2


def test_all_letters_of_our_studies_are_known():
    """What pdfLaTeX cannot set has an entry."""
    for study in STUDIES.values():
        for table in study.tables:
            texts = [table.title, *(heading for _, heading in table.metrics), *(row.title for row in table.rows)]
            assert not re.search(r"[^\x00-\x7f]", "".join(map(latex_text, texts))), table.title
