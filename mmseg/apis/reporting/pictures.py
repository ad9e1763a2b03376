"""Example pictures of the runs of a summary, small enough for one page."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2

from mmseg.apis.reporting.summary import RowSummary, StudySummary
from mmseg.utils.storage.run_folder import PICTURES

BUDGET = 2_500_000  # characters of all pictures together; charts of a large study take as much
WIDTHS = (1600, 1200, 900, 640, 480)  # pixels
QUALITY = 80  # of JPEG


def examples(summary: StudySummary) -> list[tuple[str, str]]:
    """The last picture of the first run of each row that has one, as (caption, JPEG in base64); each run once."""
    found: dict[Path, str] = {}
    for table in summary.tables:
        for row in table.rows:
            latest = _latest(row)
            if latest is not None:
                found.setdefault(*latest)
    encoded = ((caption, encode(path, BUDGET // len(found))) for path, caption in found.items())
    return [(caption, picture) for caption, picture in encoded if picture]


def _latest(row: RowSummary) -> tuple[Path, str] | None:
    for run in row.runs:
        pictures = sorted((run.folder / PICTURES).glob("iter_*.png"))
        if pictures:
            iteration = int(pictures[-1].stem.removeprefix("iter_"))
            return pictures[-1], f"{row.label}, seed {run.seed}, iteration {iteration:,}"
    return None


def encode(path: Path, budget: int) -> str:
    """A picture as JPEG in base64, as wide as ``budget`` characters allow; empty for a file that is no picture."""
    picture = cv2.imread(str(path))
    if picture is None:
        return ""
    height, width = picture.shape[:2]
    for limit in WIDTHS:
        scale = min(1.0, limit / width)
        small = cv2.resize(picture, (round(width * scale), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
        text = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]).decode()
        if len(text) <= budget:
            break
    return text
