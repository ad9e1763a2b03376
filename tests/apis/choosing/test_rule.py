"""From scores to a choice in closed form, and correlations as SciPy has them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from mmseg.apis.choosing.choose import choice_of
from mmseg.apis.choosing.rule import chosen, correlations, mean_ranks
from mmseg.apis.choosing.table import choice_table, verdict


def scores(entropy: float, consistent: float, agreement: float | None = 90.0, change: float | None = None) -> dict:
    same = dict.fromkeys(("flip", "scale", "masked"), consistent)
    return {"entropy": entropy, "agreement": agreement, **same, "change": change}


def test_the_best_in_everything_has_rank_one():
    assert mean_ranks([scores(30, 80, 85), scores(10, 95, 99), scores(20, 90, 90)]) == [3, 1, 2]


def test_equal_scores_share_their_ranks():
    """Entropy 1, 2; agreement 1.5 each; the three others 2, 1."""
    assert mean_ranks([scores(10, 80), scores(20, 90)]) == pytest.approx([(1 + 1.5 + 6) / 5, (2 + 1.5 + 3) / 5])


def test_a_score_that_one_lacks_takes_no_part():
    assert mean_ranks([scores(10, 80, None), scores(20, 90, 99)]) == [(1 + 6) / 4, (2 + 3) / 4]


def test_the_change_of_the_shares_chooses_nothing():
    assert mean_ranks([scores(10, 80, change=0.0), scores(10, 80, change=50.0)]) == [1.5, 1.5]


def test_of_equal_ranks_the_later_is_chosen():
    assert chosen([2.0, 1.0, 3.0]) == 1 and chosen([1.5, 2.0, 1.5]) == 2


def test_correlations():
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 9)).tolist()
    found = correlations(first, second)
    assert found["linear"] == pytest.approx(pearsonr(first, second)[0]) and found["rank"] == pytest.approx(spearmanr(first, second)[0])
    assert correlations([1.0, 2.0, 9.0], [5.0, 4.0, 3.0])["rank"] == pytest.approx(-1)
    assert correlations([1.0, None, 2.0, 9.0], [5.0, 1.0, 4.0, 3.0]) == correlations([1.0, 2.0, 9.0], [5.0, 4.0, 3.0])


@pytest.mark.parametrize("truth", [[5.0, 6.0, None], [5.0, 5.0, 5.0]])
def test_undefined_correlations(truth: list):
    assert correlations([1.0, 2.0, 3.0], truth) == {"linear": None, "rank": None}


def test_truth_chooses_nothing():
    """The worst by the labels is chosen where the scores say so, and the table says what labels were used for."""
    found = {number: Path(f"iter_{number}.pth") for number in (1, 2, 3)}
    entries = [scores(30, 80), scores(20, 90, change=1.25), scores(10, 95, change=0.5)]
    truth = {1: 60.0, 2: 50.0, 3: 40.0}
    choice, blind = (choice_of(found, entries, known, 4, 0) for known in (truth, {}))
    assert choice["chosen"] == blind["chosen"] == "iter_3.pth"
    assert choice["correlation"]["flip"]["rank"] == pytest.approx(-1) and choice["correlation"]["entropy"]["rank"] == pytest.approx(1)
    assert blind["correlation"]["flip"] == {"linear": None, "rank": None}
    table = choice_table(choice)
    assert table.rows[2] == ("iter_3.pth <", "3", "10.00", "90.00", "95.00", "95.00", "95.00", "0.50", "1.20", "40.00")
    assert table.rows[0][7] == "-" and [row[0] for row in table.rows[3:]] == ["linear correlation", "rank correlation"]
    assert len(choice_table(blind).rows) == 3 and len(verdict(blind)) == 1
    assert "for nothing else" in verdict(choice)[1]
