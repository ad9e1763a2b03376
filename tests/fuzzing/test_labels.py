"""Mixes, label maps and class statistics."""

from collections import Counter

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmseg.datasets.classes.names import IGNORE, class_lut, train_id_lut
from mmseg.datasets.statistics.class_statistics import counted, merged
from mmseg.datasets.statistics.files import files_by_class
from mmseg.models.uda.augmentation.mixing import draw_class_masks, paste

SEEDS = st.integers(0, 2**31)
IDS = st.integers(0, 254)
COUNTS = st.dictionaries(st.integers(0, 18), st.integers(1, 10**6), max_size=6)
NAMES = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


@given(SEEDS, st.integers(1, 3), st.integers(1, 8), st.integers(1, 8))
def test_a_mix_takes_every_pixel_from_one_of_two(seed, images, height, width):
    """Whole classes of the source, half of those that the batch shows, and image and label agree."""
    rng = np.random.default_rng(seed)
    label = torch.from_numpy(rng.choice([0, 1, 5, 18, IGNORE], (images, height, width)))
    classes = label.unique().tolist()
    mask = draw_class_masks(rng, label, classes)
    source, target = torch.zeros(images, 3, height, width), torch.ones(images, 3, height, width)
    mixed, mixed_label = paste(mask, source, target), paste(mask, label, torch.full_like(label, -1))
    assert torch.equal(mixed == 0, mask.expand_as(mixed)) and torch.equal(mixed == 1, ~mask.expand_as(mixed))
    assert torch.equal(mixed_label, torch.where(mask[:, 0], label, -1))
    for image in range(images):
        shown, hidden = (set(label[image][chosen].tolist()) for chosen in (mask[image, 0], ~mask[image, 0]))
        assert not shown & hidden and len(shown) <= (len(classes) + 1) // 2 and len(hidden) <= len(classes) // 2


@given(st.dictionaries(IDS, st.integers(0, 18), max_size=40))
def test_a_label_map_changes_what_it_names_and_ignores_the_rest(label_map):
    lut = train_id_lut(label_map)
    assert lut.shape == (256,) and lut.dtype == np.uint8
    assert {raw: int(lut[raw]) for raw in range(256) if lut[raw] != IGNORE} == label_map


@given(NAMES, st.data())
def test_classes_are_found_by_name(own, data):
    names = data.draw(st.permutations([*own, "another", "one more"]))[: data.draw(st.integers(1, len(own) + 2))]
    lut = class_lut(own, names)
    found = [names[number] if number != IGNORE else None for number in lut[: len(own)]]
    assert found == [name if name in names else None for name in own]
    assert (lut[len(own) :] == IGNORE).all()


@given(st.lists(COUNTS, max_size=8), st.integers(0, 8))
def test_statistics_count_every_pixel_once(by_file, cut):
    """And are the same whether data sets are counted together or one after the other."""
    whole = counted(by_file)
    assert sum(whole.pixels.values()) == sum(sum(counts.values()) for counts in by_file)
    for train_id, found in whole.files.items():
        assert found == [(index, counts[train_id]) for index, counts in enumerate(by_file) if train_id in counts]
        assert whole.pixels[train_id] == sum(count for _, count in found)
    cut = min(cut, len(by_file))
    parts = merged([counted(by_file[:cut]), counted(by_file[cut:])], [0, cut])
    assert parts.pixels == whole.pixels and parts.files == whole.files


@given(st.lists(COUNTS, max_size=8))
def test_files_of_a_class_have_what_the_files_say(by_file):
    named = {f"{index}.png": {str(train_id): count for train_id, count in counts.items()} for index, counts in enumerate(by_file)}
    by_class = files_by_class(named)
    assert list(by_class) == sorted(by_class, key=int)
    back = Counter((file, train_id, count) for train_id, found in by_class.items() for file, count in found)
    assert back == Counter((file, train_id, count) for file, counts in named.items() for train_id, count in counts.items())
