"""What the test servers of Cityscapes, ACDC and Dark Zurich take: a zip archive of one PNG per test image; and that of BRAVO: two.

Source of the form of BRAVO: Vu et al., "The BRAVO Semantic Segmentation Challenge Results in UNCV2024", ECCV workshops 2024.

Letters: (H, W) native size.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image

from mmseg.apis.predicting.choices import BENCHMARKS, Benchmark
from mmseg.apis.predicting.writers import Files, Writer, label_id_writer, png_name, train_id_writer
from mmseg.datasets.classes.names import LABEL_IDS
from mmseg.datasets.reading.folders import open_file
from mmseg.datasets.reading.image_files import list_files
from mmseg.evaluation.trust.counts import LEVELS, to_level
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.limits import check_sizes

LISTED = 5  # wrong values that are named per file
PREDICTED, SURE = "_pred.png", "_conf.png"
"""Ends of the two files of an image, train ids in 8 bits and confidence in 16, for a server that takes both."""
FULL = LEVELS - 1
"""Confidence 1 in 16 bits."""


def submission_writer(name: str, files: Files, dataset_info: Mapping) -> Writer:
    """Writes predictions in the form of a benchmark.

    Raises:
        UserError: the data have other classes than the benchmark evaluates.
    """
    benchmark, label_ids = BENCHMARKS[name], tuple(dataset_info["label_ids"])
    if label_ids != LABEL_IDS:
        given = f"{benchmark.title} evaluates the {len(LABEL_IDS)} Cityscapes classes, the data have {len(dataset_info['classes'])} others"
        raise UserError(f"--benchmark {name}: {given}. Evaluate a network that was trained for them.")
    if benchmark.confidence:
        return confidence_writer(files)
    return label_id_writer(files, dataset_info["palette"], label_ids) if benchmark.takes_label_ids else train_id_writer(files)


def confidence_writer(files: Files) -> Writer:
    """Train ids as grey PNG of 8 bits, and confidence as one of 16, 0 to 65,535 for 0 to 1, in files of two names beside each other."""

    def write(image: str, prediction: np.ndarray, confidence: np.ndarray) -> None:
        write_image(ending(files[image], PREDICTED), prediction)
        write_image(ending(files[image], SURE), to_level(torch.from_numpy(confidence)).numpy().astype(np.uint16))

    return write


def ending(file: Path, end: str) -> Path:
    """A file of an image with another end than its suffix."""
    return file.with_name(f"{file.stem}{end}")


def written_files(benchmark: Benchmark | None, files: Files) -> list[Path]:
    """The files that :func:`submission_writer` writes, where ``files`` has one for each image; of no benchmark, these."""
    if benchmark is None or not benchmark.confidence:
        return list(files.values())
    return [ending(file, end) for file in files.values() for end in (PREDICTED, SURE)]


def own_names(benchmark: Benchmark, image: str) -> tuple[str, ...]:
    """The names by which a server finds what belongs to a test image: one file, or two below the folders of the image."""
    if not benchmark.confidence:
        return (png_name(image),)
    return tuple(str(PurePosixPath(image).with_suffix("")) + end for end in (PREDICTED, SURE))


def write_archive(archive: Path, files: Iterable[Path], folder: Path | None = None) -> None:
    """Packs predictions by their names, below a folder in their places in it; PNGs are compressed already, so the archive is not."""
    ordered = sorted(files)
    size = sum(file.stat().st_size for file in ordered)
    with atomic_path(archive, size) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
        for file in ordered:
            packed.write(file, file.name if folder is None else file.relative_to(folder))


def check_archive(archive: Path, benchmark: Benchmark, images: Path) -> list[str]:
    """Compares an archive with the test images that it is about; decodes every prediction.

    Args:
        archive: the zip file.
        benchmark: an entry of :data:`BENCHMARKS`.
        images: folder with the test images, at any depth.

    Returns:
        what is wrong, one line each, in the order of the names; empty for a good archive.

    Raises:
        UserError: the archive is no zip file, or the folder holds no images of the benchmark.
    """
    expected = expected_sizes(benchmark, images)
    problems = []
    if benchmark.images not in (None, len(expected)):
        problems.append(f"{images}: {len(expected)} images, but the test split of {benchmark.title} has {benchmark.images}")
    try:
        with zipfile.ZipFile(archive) as packed:
            return problems + archive_problems(packed, benchmark, expected)
    except FileNotFoundError:
        raise UserError(f"The archive {archive} does not exist. Write one with tools/test.py … --format-only --archive FILE.zip.") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(f"{archive} cannot be read as a zip archive ({error}). Write it again.") from error


def expected_sizes(benchmark: Benchmark, images: Path) -> dict[str, tuple[int, int]]:
    """Width and height of the prediction of every test image, by its name; of its confidence as well, where the server takes that."""
    names = list_files(images, benchmark.image_suffix)
    if not names:
        ends = [benchmark.image_suffix] if isinstance(benchmark.image_suffix, str) else benchmark.image_suffix
        given = f"--images {images}: no file below it ends with '{' or '.join(ends)}'"
        raise UserError(f"{given}. Give the folder with the test images of {benchmark.title}.")
    owners: dict[str, str] = {}
    for name in names:
        prediction = own_names(benchmark, name)[0]
        other = owners.setdefault(prediction, name)
        if other != name:
            given = f"--images {images}: a server finds one prediction, {prediction}, for {other} and {name}"
            raise UserError(f"{given}. Give the folder of the test images alone.")
    sizes = {name: _size(images / name) for name in names}
    return {own: size for name, size in sizes.items() for own in own_names(benchmark, name)}


def _size(path: Path) -> tuple[int, int]:
    try:
        with open_file(path) as file, Image.open(file) as image:  # reads the head of the file alone
            return image.size
    except OSError:
        raise UserError(f"The test image {path} cannot be read. Copy or download the file again.") from None


def archive_problems(packed: zipfile.ZipFile, benchmark: Benchmark, expected: Mapping[str, tuple[int, int]]) -> list[str]:
    """What is wrong with the files of an archive; ``expected`` has the (width, height) of every prediction by its name."""
    entries = defaultdict(list)
    for entry in packed.namelist():
        if not entry.endswith("/"):
            entries[entry if benchmark.confidence else PurePosixPath(entry).name].append(entry)
    problems = []
    for name in progress(sorted({*entries, *expected}), "Checking"):
        found = sorted(entries[name])
        if name not in expected:
            problems += [f"{entry}: no test image has this name" for entry in found]
        elif len(found) != 1:
            problems.append(f"{name}: {len(found)} times in the archive ({', '.join(found)})" if found else f"{name}: missing")
        else:
            problems += [f"{found[0]}: {text}" for text in _prediction_problems(packed, found[0], benchmark, expected[name])]
    return problems


def _prediction_problems(packed: zipfile.ZipFile, entry: str, benchmark: Benchmark, size: tuple[int, int]) -> list[str]:
    """What is wrong with one prediction, or with its confidence."""
    if benchmark.confidence and entry.endswith(SURE):
        return _confidence_problems(packed, entry, benchmark, size)
    problems, values = picture_problems(packed, entry, size, ("L", "P"), bits=8)
    wrong = [int(value) for value in values if value not in benchmark.ids]
    return problems + ([_wrong_ids(wrong, benchmark)] if wrong else [])


def _confidence_problems(packed: zipfile.ZipFile, entry: str, benchmark: Benchmark, size: tuple[int, int]) -> list[str]:
    """What is wrong with a confidence: the largest of K probabilities is 1 / K at least, and files of another scale are not."""
    problems, values = picture_problems(packed, entry, size, ("I;16", "I"), bits=16)
    least = FULL // len(benchmark.ids)
    if len(values) and values[0] < least:
        text = f"holds {int(values[0])}, and the likeliest of {len(benchmark.ids)} classes has {least} of {FULL} at least"
        problems.append(text)
    return problems


def picture_problems(
    packed: zipfile.ZipFile, entry: str, size: tuple[int, int], modes: Sequence[str], *, bits: int
) -> tuple[list[str], np.ndarray]:
    """What is wrong with a PNG of an archive, whatever it shows, and its values, ascending; none where they cannot be read or compared.

    Args:
        packed, entry: the archive and the name in it.
        size: (width, height) of its image.
        modes: of Pillow for pictures of so many bits.
        bits: of the single channel.
    """
    try:
        check_sizes([packed.getinfo(entry)])
        with Image.open(io.BytesIO(packed.read(entry)), formats=["PNG"]) as image:
            mode, found = image.mode, image.size
            values = np.unique(np.asarray(image)) if mode in modes else np.array([], int)
    except (OSError, SyntaxError, RuntimeError, zlib.error, zipfile.BadZipFile, Image.DecompressionBombError):
        return ["not a readable PNG"], np.array([], int)
    problems = [] if mode in modes else [f"not {bits} bits in a single channel (mode {mode})"]
    if found != size:
        problems.append(f"{found[0]}x{found[1]} pixels, its image {size[0]}x{size[1]}")
    return problems, values


def _wrong_ids(wrong: Sequence[int], benchmark: Benchmark) -> str:
    values = ", ".join(map(str, wrong[:LISTED])) + (", …" if len(wrong) > LISTED else "")
    kind = "a label id of an evaluated class" if benchmark.takes_label_ids else f"a train id (0..{max(benchmark.ids)})"
    return f"holds {values}, not {kind}"
