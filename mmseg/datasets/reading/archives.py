"""Files inside zip archives, read without unpacking: ``data/gta/01_images.zip/images/00001.png`` names a member of an archive."""

from __future__ import annotations

import functools
import os
import zipfile
import zlib
from pathlib import Path

from mmseg.utils.errors import BadFileError
from mmseg.utils.storage.limits import check_sizes


def split_archive(path: Path) -> tuple[Path, str] | None:
    """(archive, name inside it) of a path that leads into a zip archive; None for any other path."""
    for place in (path, *path.parents):
        if place.suffix.lower() == ".zip" and not place.is_dir():
            return place, path.relative_to(place).as_posix()
    return None


def matching_folders(folder: Path) -> list[Path]:
    """One folder per archive for a pattern such as ``data/gta/*_images.zip/images``; any other folder as it is."""
    for place in (folder, *folder.parents):
        if place.suffix.lower() == ".zip" and "*" in place.name:
            return [archive / folder.relative_to(place) for archive in sorted(place.parent.glob(place.name))]
    return [folder]


def list_members(archive: Path, folder: str, suffix: str) -> list[str]:
    """Names below a folder of an archive ("." is the whole archive), relative to it, that end with ``suffix``.

    Hidden files and folders are left out, as on disk.

    Raises:
        BadFileError: the archive is missing or damaged, or a name leads out of it: predictions would be written there.
    """
    prefix = "" if folder == "." else f"{folder}/"
    names = (name for name in _opened(archive, os.getpid()).namelist() if name.startswith(prefix) and name.endswith(suffix))
    found = [inner for inner in (name.removeprefix(prefix) for name in names) if "/." not in f"/{inner}"]
    if leading_out := next((name for name in found if "//" in f"/{name}" or ".." in name.split("\\")), None):
        raise BadFileError(f"{archive} is damaged (the name {leading_out} leads out of it). Download the archive again.")
    return found


def read_member(archive: Path, name: str) -> bytes:
    """The content of one file of an archive.

    Raises:
        BadFileError: the archive or the file is missing, cut off or damaged.
    """
    try:
        opened = _opened(archive, os.getpid())
        check_sizes([opened.getinfo(name)])
        return opened.read(name)
    except KeyError:
        fix = "Download the archive again, or start the command again if it was replaced meanwhile."
        raise BadFileError(f"{archive} holds no file {name}. {fix}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise BadFileError(f"{archive / name} is damaged ({error}). Download the archive again.") from None


@functools.cache
def _opened(archive: Path, process: int) -> zipfile.ZipFile:
    """Opened once per process: loader workers that shared a handle would move each other's place in the file."""
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadFileError(f"{archive} cannot be opened as a zip archive ({error}). Download it again.") from None
