"""Advice about budgets of active learning."""

from mmseg.models.uda.acquisition.budgets import pixels_per_round, regions_per_round
from tests.advice.following import advice


def test_shares_of_the_pixels():
    def regions(share: float) -> int:
        return regions_per_round((64, 128), share=share, rounds=5, radius=1)

    for share in (0, 1.5):
        advice(
            "A budget of {} % of the pixels is not possible. Use a share above 0 and up to 1, such as 0.022.",
            lambda share=share: regions(share),
        )
    assert regions(0.022) and regions(1)


def test_numbers_of_pixels():
    """Both ends of what is advised are possible."""
    for counted_at in ("published", "annotation"):

        def picks(pixels: int, counted_at=counted_at) -> int:
            return pixels_per_round((9, 11), pixels=pixels, rounds=5, counted_at=counted_at)

        for pixels in (0, 1000):
            given, width, height, largest = advice(
                "A budget of {} pixels of an image of {}x{} is not possible. Use 1 to {} pixels.", lambda pixels=pixels: picks(pixels)
            )
            assert (given, width, height) == (str(pixels), "11", "9")
        assert 1 <= picks(1) <= picks(int(largest)) <= 99 // 5
