"""What the test servers of Cityscapes, ACDC and Dark Zurich take: a zip archive of one PNG per test image.

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
from PIL import Image

from mmseg.apis.predicting.choices import BENCHMARKS, Benchmark
from mmseg.apis.predicting.writers import Files, Writer, label_id_writer, png_name, train_id_writer
from mmseg.datasets.classes.names import LABEL_IDS
from mmseg.datasets.reading.folders import open_file
from mmseg.datasets.reading.image_files import list_files
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.limits import check_sizes

LISTED = 5  # wrong values that are named per file


def submission_writer(name: str, files: Files, dataset_info: Mapping) -> Writer:
    """Writes predictions in the form of a benchmark.

    Raises:
        UserError: the data have other classes than the benchmark evaluates.
    """
    benchmark, label_ids = BENCHMARKS[name], tuple(dataset_info["label_ids"])
    if label_ids != LABEL_IDS:
        given = f"{benchmark.title} evaluates the {len(LABEL_IDS)} Cityscapes classes, the data have {len(dataset_info['classes'])} others"
        raise UserError(f"--benchmark {name}: {given}. Evaluate a network that was trained for them.")
    return label_id_writer(files, dataset_info["palette"], label_ids) if benchmark.takes_label_ids else train_id_writer(files)


def write_archive(archive: Path, files: Iterable[Path]) -> None:
    """Packs predictions by their names; PNGs are compressed already, so the archive is not."""
    ordered = sorted(files)
    size = sum(file.stat().st_size for file in ordered)
    with atomic_path(archive, size) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
        for file in ordered:
            packed.write(file, file.name)


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
    if len(expected) != benchmark.images:
        problems.append(f"{images}: {len(expected)} images, but the test split of {benchmark.title} has {benchmark.images}")
    try:
        with zipfile.ZipFile(archive) as packed:
            return problems + archive_problems(packed, benchmark, expected)
    except FileNotFoundError:
        raise UserError(f"The archive {archive} does not exist. Write one with tools/test.py … --format-only --archive FILE.zip.") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(f"{archive} cannot be read as a zip archive ({error}). Write it again.") from error


def expected_sizes(benchmark: Benchmark, images: Path) -> dict[str, tuple[int, int]]:
    """Width and height of the prediction of every test image, by its name."""
    names = list_files(images, benchmark.image_suffix)
    if not names:
        given = f"--images {images}: no file below it ends with '{benchmark.image_suffix}'"
        raise UserError(f"{given}. Give the folder with the test images of {benchmark.title}.")
    owners: dict[str, str] = {}
    for name in names:
        other = owners.setdefault(png_name(name), name)
        if other != name:
            given = f"--images {images}: a server finds one prediction, {png_name(name)}, for {other} and {name}"
            raise UserError(f"{given}. Give the folder of the test images alone.")
    return {png_name(name): _size(images / name) for name in names}


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
            entries[PurePosixPath(entry).name].append(entry)
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
    """What is wrong with one prediction."""
    try:
        check_sizes([packed.getinfo(entry)])
        with Image.open(io.BytesIO(packed.read(entry)), formats=["PNG"]) as image:
            mode, found = image.mode, image.size
            values = np.unique(np.asarray(image)) if mode in ("L", "P") else ()
    except (OSError, SyntaxError, RuntimeError, zlib.error, zipfile.BadZipFile, Image.DecompressionBombError):
        return ["not a readable PNG"]
    problems = [] if mode in ("L", "P") else [f"not 8 bits in a single channel (mode {mode})"]
    if found != size:
        problems.append(f"{found[0]}x{found[1]} pixels, its image {size[0]}x{size[1]}")
    wrong = [int(value) for value in values if value not in benchmark.ids]
    return problems + ([_wrong_ids(wrong, benchmark)] if wrong else [])


def _wrong_ids(wrong: Sequence[int], benchmark: Benchmark) -> str:
    values = ", ".join(map(str, wrong[:LISTED])) + (", …" if len(wrong) > LISTED else "")
    kind = "a label id of an evaluated class" if benchmark.takes_label_ids else f"a train id (0..{max(benchmark.ids)})"
    return f"holds {values}, not {kind}"
