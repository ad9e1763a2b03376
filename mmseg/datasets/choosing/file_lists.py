"""Which images of a folder belong to a split: a text file with one of them a line."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.utils.errors import UserError, suggestion

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""What a text file begins with that the shell of Windows has written."""


def read_list(path: Path, option: str = "split") -> list[tuple[int, str]]:
    """(number of the line, what stands there) of every line that is not blank; any line ends, UTF-8 or UTF-16.

    Args:
        path: of the list.
        option: of the data set that names it, for errors.

    Raises:
        UserError: the file is missing, no text, or holds nothing.
    """
    try:
        if path.exists() and not path.is_file():  # nobody may write to a pipe, and a device has no end
            raise OSError(errno.EINVAL, "it is no file")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"The list of files {path} cannot be read: {error.strerror}. Correct the option {option}, or put the file there."
        ) from None
    try:
        text = data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"The list of files {path} is not a text file. Write one image a line, in UTF-8.") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise UserError(f"The list of files {path} is empty. Write one image a line, or leave the option {option} out.")
    return lines


def choose_images(
    images: ImageFiles, path: Path, roots: Sequence[Path], stem: Callable[[str], str], *, option: str = "split"
) -> ImageFiles:
    """The images that a list names, in the order of the folder.

    A line is the path of an image from its folder, from one of ``roots`` or from the root of the file system, with or without
    its end; or its name alone, where no folder is part of it. The path of its label may follow, as in lists of U2PL and UniMatch.

    Args:
        images: all of the folder.
        path: of the list.
        roots: what the folder of the images may be given from.
        stem: name of an image -> what remains without its end.
        option: of the data set that names the list, for errors.

    Raises:
        UserError: see :func:`read_list`; or a line names no image, several, or one that another line names.
    """
    by_name: dict[str, list[int]] = {}
    for index, name in enumerate(images.names):
        for key in {name, stem(name)}:
            by_name.setdefault(key, []).append(index)
    by_base: dict[str, list[int]] = {}
    for key, found in by_name.items():
        by_base.setdefault(PurePosixPath(key).name, []).extend(found)
    prefixes = [f"{prefix}/" for prefix in _spellings(images.folder, roots)]
    chosen: dict[int, int] = {}
    for number, line in read_list(path, option):
        readings = list(_readings(line, prefixes))
        found = next((names[name] for names in (by_name, by_base) for name in readings if name in names), [])
        if len(found) != 1:
            raise UserError(f"Line {number} of {path} names {line}, {_wrong(images, found, line, by_name)}")
        if found[0] in chosen:
            raise UserError(f"Lines {chosen[found[0]]} and {number} of {path} name the same image, {line}. Remove one of them.")
        chosen[found[0]] = number
    return images.chosen(sorted(chosen))


def _spellings(folder: Path, roots: Iterable[Path]) -> Iterator[str]:
    """How a line may begin with the folder."""
    yield folder.absolute().as_posix()
    yield folder.resolve().as_posix()
    yield folder.as_posix()
    for root in roots:
        if folder.is_relative_to(root):
            yield folder.relative_to(root).as_posix()


def _readings(line: str, prefixes: Sequence[str]) -> Iterator[str]:
    """What a line may mean: as it stands, with the slashes of Windows, and without the label that follows; each from the folder as well."""
    for text in dict.fromkeys((line, line.replace("\\", "/"), line.split()[0])):
        plain = text.removeprefix("./")
        yield plain
        yield from (plain.removeprefix(prefix) for prefix in prefixes if plain.startswith(prefix))


def _wrong(images: ImageFiles, found: Sequence[int], line: str, by_name: Iterable[str]) -> str:
    if found:
        names = " and ".join(images.names[index] for index in found[:2])
        return f"which may be {names} below {images.folder}. Write one of these names."
    return f"which is no image below {images.folder}.{suggestion(line, by_name) or ' Correct the line, or the folder of the images.'}"
