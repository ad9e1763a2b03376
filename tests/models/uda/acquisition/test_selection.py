"""Picks are those of the loop that looks through the whole map for each of them: order, ties, exclusion, rounds, exhaustion."""

import pytest
import torch

from mmseg.models.uda.acquisition.selection import select, squares
from mmseg.utils.errors import NotFiniteError


def free(size) -> torch.Tensor:
    return torch.zeros(size, dtype=torch.bool)


def loop(score: torch.Tensor, active: torch.Tensor, count: int, exclusion: int) -> list[list[int]]:
    """The maximum of every column, its first row; the first of the largest columns; and again."""
    score, picks = score.masked_fill(active, float("-inf")), []
    for _ in range(count):
        highest = score.amax(dim=0)
        column = highest.argmax().item()
        if highest[column] == float("-inf"):
            break
        row = (score[:, column] == highest[column]).nonzero()[0].item()
        picks.append([row, column])
        score[max(row - exclusion, 0) : row + exclusion + 1, max(column - exclusion, 0) : column + exclusion + 1] = float("-inf")
    return picks


@pytest.mark.parametrize("levels", [2, 5, 10**6])
@pytest.mark.parametrize("exclusion", [0, 1, 2, 7])
@pytest.mark.parametrize("count", [1, 3, 20, 1000])
def test_picks_of_the_loop(levels, exclusion, count):
    """With many ties, with few, and until nothing is left; where earlier rounds have excluded some."""
    generator = torch.Generator().manual_seed(levels + exclusion)
    score = torch.randint(0, levels, (23, 31), generator=generator).float() / levels - 0.3
    active = torch.rand(23, 31, generator=generator) < 0.2
    before = active.clone()
    picks = select(score, active, count, exclusion=exclusion)
    assert picks.tolist() == loop(score, active, count, exclusion) and picks.dtype is torch.int64
    assert torch.equal(active, before)


def test_a_constant_map_is_picked_column_by_column():
    picks = select(torch.zeros(10, 9), free((10, 9)), 5, exclusion=2)
    assert picks.tolist() == [[0, 0], [3, 0], [6, 0], [9, 0], [0, 3]]


def test_regions_do_not_overlap():
    radius, score = 2, torch.rand(40, 50, generator=torch.Generator().manual_seed(0))
    picks = select(score, free((40, 50)), 12, exclusion=2 * radius)
    distances = (picks[:, None] - picks).abs().amax(2) + 100 * torch.eye(len(picks), dtype=torch.int64)
    assert len(picks) == 12 and distances.min() >= 2 * radius + 1
    inside = ((picks >= radius) & (picks < torch.tensor([40, 50]) - radius)).all(1)
    assert squares(picks[inside], radius, (40, 50)).sum() == inside.sum() * (2 * radius + 1) ** 2


def test_rounds():
    """A later round picks nothing that an earlier one excludes; what is selected grows."""
    size, radius = (30, 30), 1
    active, selected = free(size), free(size)
    for turn in range(4):
        score = torch.rand(size, generator=torch.Generator().manual_seed(turn))
        picks = select(score, active, 10, exclusion=2 * radius)
        assert len(picks) == 10 and not active[picks[:, 0], picks[:, 1]].any()
        new = squares(picks, radius, size)
        assert not (new & selected).any(), "regions of different rounds do not overlap either"
        active, selected = active | squares(picks, 2 * radius, size), selected | new
        assert (selected <= active).all()


def test_nothing_is_left():
    """One pick excludes all; then there is none, and a map of -inf has none."""
    score, active = torch.rand(5, 6), free((5, 6))
    picks = select(score, active, 8, exclusion=5)
    assert len(picks) == 1
    assert select(score, active | squares(picks, 5, (5, 6)), 8, exclusion=5).shape == (0, 2)
    assert select(score, active, 0, exclusion=5).shape == (0, 2)
    assert select(torch.full((5, 6), float("-inf")), active, 8, exclusion=0).shape == (0, 2)


def test_squares_are_clipped():
    marked = squares(torch.tensor([[0, 0], [3, 4]]), 1, (4, 5))
    assert marked.int().tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]]
    assert squares(torch.tensor([[2, 1]]), 0, (4, 5)).nonzero().tolist() == [[2, 1]]
    assert not squares(torch.zeros(0, 2, dtype=torch.int64), 3, (4, 5)).any()


def test_a_ruined_network():
    score = torch.rand(4, 4)
    score[2, 1] = float("nan")
    with pytest.raises(NotFiniteError):
        select(score, free((4, 4)), 1, exclusion=0)
    active = free((4, 4))
    active[2, 1] = True
    assert len(select(score, active, 1, exclusion=0)) == 1
