"""The sentences that end errors about the labels of a data set: what mends them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.statistics.counts_file import COUNTS_FILE


class LabelHints:
    """Of a data set; one of its own says what differs.

    Attributes:
        data_root: folder of the data set.
        classes: names by train id.
        raw: what the ids in raw labels mean; None where labels hold train ids.
        converter: command that makes train ids and statistics, without the folder; None where there is none.
        label_ending, label_suffix: how the names of the labels end, and how they usually do.
    """

    data_root: Path
    classes: Sequence[str]
    raw: RawCategories | None
    converter: str | None = None
    label_ending: str
    label_suffix: str

    @property
    def convert_hint(self) -> str:
        """The sentence that ends errors about labels."""
        if self.raw:
            return self.raw.fix
        if self.converter is None:
            return f"Write it as train ids 0..{len(self.classes) - 1} and 255."
        return f"Create it with: {self.converter} {self.data_root}"

    @property
    def label_fix(self) -> str:
        """The sentence that ends errors about values that are no train ids; the file may be the only one of its kind."""
        own = type(self).label_suffix
        if self.converter is None or self.label_ending == own:
            return self.convert_hint
        return f"These are label ids, not train ids: set seg_map_suffix='{own}', or leave it out. {self.convert_hint}"

    @property
    def statistics_hint(self) -> str:
        """The sentence that ends errors about class statistics."""
        if self.converter is None:
            return "Read its labels with a FolderDataset, which counts them itself, or leave rare_class_sampling out."
        return self.convert_hint

    @property
    def recount_hint(self) -> str:
        """The sentences that end errors about class statistics which their fingerprint does not give away."""
        if self.raw:
            return f"Move {self.data_root / COUNTS_FILE} elsewhere: the labels are counted anew then."
        return f"Move {self.data_root}/sample*class*.json elsewhere. {self.statistics_hint}"
