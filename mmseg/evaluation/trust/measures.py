"""What confidence is worth: calibration, and how well it tells right from wrong and known from unknown.

The measures of the BRAVO challenge (Vu et al., ECCV 2024 workshops, section 3), over all pixels of a data set and not averaged over images.
All come from :func:`~mmseg.evaluation.trust.counts.confidence_counts` alone. Letters: L levels of confidence, from the lowest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mmseg.evaluation.trust.counts import level_values

BINS = 15
"""Of confidence, equally wide, for the calibration error (Guo et al., ICML 2017, section 2)."""
RECALL = 0.95
"""Share of the positives that are found where false alarms are counted."""
SEMANTIC = ("mIoU", "ECE", "AUROC", "FPR95", "AUPR.success", "AUPR.error")
OUT_OF_DISTRIBUTION = ("OOD.AUROC", "OOD.AUPR", "OOD.FPR95")
LOWER_IS_BETTER = ("ECE", "FPR95", "OOD.FPR95")


class Reliability(NamedTuple):
    """The bins of a reliability diagram; each is open below and closed above, [15].

    Attributes:
        pixels: int64, of each bin.
        confidence, accuracy: their mean and their share of right pixels in [0, 1]; NaN in an empty bin.
    """

    pixels: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error in [0, 1]: the mean over pixels of what confidence and accuracy of their bin differ by.

        NaN without pixels.
        """
        total = self.pixels.sum()
        return float(np.nansum(self.pixels * np.abs(self.accuracy - self.confidence)) / total) if total else math.nan


def reliability(counts: np.ndarray) -> Reliability:
    """The diagram of counts int64 [4, L]; unknown objects have no part in it."""
    right, values = counts[0], level_values()
    pixels = counts[0] + counts[1]
    place = np.clip(np.ceil(values * BINS).astype(int) - 1, 0, BINS - 1)
    total, hits, mass = (np.bincount(place, weights, BINS) for weights in (pixels, right, pixels * values))
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN of an empty bin
        return Reliability(total.astype(np.int64), mass / total, hits / total)


class RiskCoverage(NamedTuple):
    """What is wrong of the pixels that the network is surest of.

    Attributes:
        coverage: share of the pixels that are kept in (0, 1], rising; float64 [n].
        risk: share of them that are wrong; [n].
    """

    coverage: np.ndarray
    risk: np.ndarray


def risk_coverage(counts: np.ndarray) -> RiskCoverage:
    """The curve of counts int64 [4, L], one point for each level that a pixel has; empty without pixels."""
    pixels = (counts[0] + counts[1])[::-1]
    kept, wrong = np.cumsum(pixels)[pixels > 0], np.cumsum(counts[1][::-1])[pixels > 0]
    return RiskCoverage(kept / max(pixels.sum(), 1), wrong / kept)


@dataclass(frozen=True)
class Ranking:
    """How well a score tells positives from negatives; pixels of one level are one step.

    Attributes:
        positive, negative: int64 [L] pixels by score, from the lowest.
    """

    positive: np.ndarray
    negative: np.ndarray

    @property
    def is_defined(self) -> bool:
        """Whether there are pixels of both kinds."""
        return bool(self.positive.any() and self.negative.any())

    def _found(self) -> tuple[np.ndarray, np.ndarray]:
        """Positives and negatives at or above each level that has any, from the highest; float64."""
        occurring = (self.positive + self.negative > 0)[::-1]
        return tuple(np.cumsum(counts[::-1])[occurring].astype(float) for counts in (self.positive, self.negative))

    @property
    def auroc(self) -> float:
        """Area under the curve of recall over false alarms, by trapezoids: the chance that a positive ranks above a negative."""
        if not self.is_defined:
            return math.nan
        found, alarms = (np.concatenate([[0.0], values]) for values in self._found())
        return float(np.dot(np.diff(alarms), (found[1:] + found[:-1]) / 2) / (found[-1] * alarms[-1]))

    @property
    def aupr(self) -> float:
        """Area under the curve of precision over recall, as the sum of its steps (average precision)."""
        if not self.is_defined:
            return math.nan
        found, alarms = self._found()
        return float(np.sum(np.diff(found, prepend=0.0) / found[-1] * found / (found + alarms)))

    @property
    def fpr95(self) -> float:
        """Share of the negatives at or above the highest score that finds 95 % of the positives."""
        if not self.is_defined:
            return math.nan
        found, alarms = self._found()
        return float(alarms[np.argmax(found >= RECALL * found[-1])] / alarms[-1])


def trust_scores(counts: np.ndarray, miou: float = math.nan) -> dict[str, float]:
    """All measures in percent; NaN where one is undefined, as without a wrong pixel.

    Args:
        counts: int64 [4, L].
        miou: percent, of the same pixels.

    Returns:
        ``ECE``; ``AUROC``, ``FPR95`` and ``AUPR.success`` of confidence as a score of right pixels; ``AUPR.error`` of doubt,
        1 - confidence, as a score of wrong ones; ``OOD.AUROC``, ``OOD.AUPR``, ``OOD.FPR95`` of doubt as a score of unknown objects;
        ``semantic_hmean`` of mIoU and the first five, ``OOD.hmean`` of the other three, ``BRAVO`` of these two, where errors enter
        as 100 - x.
    """
    right, wrong, unknown, known = counts
    success, error = Ranking(right, wrong), Ranking(wrong[::-1], right[::-1])
    foreign = Ranking(unknown[::-1], (right + wrong + known)[::-1])
    shares = {
        "ECE": reliability(counts).error,
        "AUROC": success.auroc,
        "FPR95": success.fpr95,
        "AUPR.success": success.aupr,
        "AUPR.error": error.aupr,
        "OOD.AUROC": foreign.auroc,
        "OOD.AUPR": foreign.aupr,
        "OOD.FPR95": foreign.fpr95,
    }
    scores = {name: 100 * share for name, share in shares.items()}
    measured = {"mIoU": miou, **scores}
    scores["semantic_hmean"] = harmonic_mean(goodness(name, measured[name]) for name in SEMANTIC)
    scores["OOD.hmean"] = harmonic_mean(goodness(name, measured[name]) for name in OUT_OF_DISTRIBUTION)
    scores["BRAVO"] = harmonic_mean((scores["semantic_hmean"], scores["OOD.hmean"]))
    return scores


def goodness(name: str, percent: float) -> float:
    """A measure in percent as one of which more is better."""
    return 100 - percent if name in LOWER_IS_BETTER else percent


def harmonic_mean(values: Iterable[float]) -> float:
    """Of numbers from 0: 0 if one is 0, NaN if one is."""
    numbers = list(values)
    if any(math.isnan(number) for number in numbers):
        return math.nan
    return 0.0 if min(numbers) <= 0 else len(numbers) / sum(1 / number for number in numbers)


def undefined_reason(counts: np.ndarray) -> str | None:
    """Why some of the measures are undefined, in one line; None where all but those of unknown objects are there."""
    right, wrong, *_ = counts.sum(axis=1)
    if not right + wrong:
        return "no pixel has a label: nothing can be said of confidence"
    if not wrong:
        return "no pixel is wrong: confidence has nothing to tell apart, and AUROC, FPR95 and AUPR are undefined"
    return None if right else "no pixel is right: confidence has nothing to tell apart, and AUROC, FPR95 and AUPR are undefined"
