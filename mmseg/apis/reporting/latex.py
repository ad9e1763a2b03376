"""The tables of a summary as LaTeX, for a paper with the packages booktabs and, for pdfLaTeX, nothing else.

Source of the form: S. Fear, "Publication quality tables in LaTeX", the manual of booktabs: three rules, none of them vertical.
"""

from __future__ import annotations

import re

from mmseg.apis.reporting.summary import StudySummary
from mmseg.apis.reporting.tables import TextTable, study_tables

SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}"}
SPECIAL |= {"|": r"\textbar{}", **{letter: f"\\{letter}" for letter in "&%$#_{}"}}
NAMED = {"±": "pm", "×": "times", "→": "to", "≥": "geq", "≤": "leq", "≈": "approx", "∞": "infty", "·": "cdot"}
NAMED |= {"α": "alpha", "β": "beta", "δ": "delta", "λ": "lambda", "μ": "mu", "σ": "sigma", "τ": "tau"}
MATH = {"²": "$^2$", "−": "$-$", "…": r"\dots{}", **{letter: f"$\\{name}$" for letter, name in NAMED.items()}}
"""Letters that pdfLaTeX has no glyph for in its text fonts."""
LETTERS = SPECIAL | MATH


def latex_text_of(summary: StudySummary, study_id: int, command: str) -> str:
    """The tables of the study, and the IoU per class, each as a float with caption and label.

    Args:
        summary: of :func:`mmseg.apis.reporting.summary.collect`.
        study_id: of ``experiments.py``.
        command: that the file names as its origin.
    """
    head = [
        f"{study_id}: {summary.study.title}. {summary.origin}. Written by {command}",
        r"mIoU in percent, mean ± standard deviation over n seeds. Needs \usepackage{booktabs}.",
    ]
    return "\n\n".join(["\n".join(map(comment, head)), *map(latex, study_tables(summary, per_class=True))]) + "\n"


def latex(table: TextTable) -> str:
    """One table; its legend and notes are comments below it."""
    lines = [" & ".join(map(latex_cell, row)) + r" \\" for row in (table.headings, *table.rows)]
    columns = "l" * table.left + "r" * (len(table.headings) - table.left)
    inside = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}"]
    label = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
    head = [r"\begin{table}", r"\centering", rf"\caption{{{latex_text(table.title)}}}", rf"\label{{tab:{label}}}"]
    return "\n".join([*head, *inside, r"\end{table}", *map(comment, filter(None, (table.legend, *table.notes)))])


def latex_cell(text: str) -> str:
    """Text, or a number with a minus sign in place of a hyphen.

    What a row begins with must not be an option of the line break before it: ``[`` and ``*`` stand in braces.
    """
    return re.sub(r"^[\[*]", r"{\g<0>}", latex_text(re.sub(r"^-(?=\d)", "−", text)))


def latex_text(text: str) -> str:
    """Text whose characters mean nothing to LaTeX, on one line, without the dash that it makes of two hyphens."""
    return re.sub("-(?=-)", "-{}", "".join(LETTERS.get(letter, letter) for letter in " ".join(text.split())))


def comment(text: str) -> str:
    """A line that LaTeX does not read."""
    return f"% {' '.join(text.split())}"
