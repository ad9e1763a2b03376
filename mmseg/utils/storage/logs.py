"""Logs of a training: each piece is appended whole or not at all, and one that cannot be written ends nothing."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from logging import LogRecord
from pathlib import Path
from typing import TextIO

from mmseg.utils.errors import UserError, give_up
from mmseg.utils.storage.space import cannot_write

GOES_ON = "The training goes on without it."


def append(path: str | os.PathLike, data: bytes) -> None:
    """Appends to a file, which is made if need be. After an error it is as long as before, or absent if it was.

    Raises:
        OSError: it cannot be written.
    """
    new = not os.path.exists(path)
    with open(path, "ab", buffering=0) as file:
        before, rest = file.seek(0, os.SEEK_END), memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(path) if new else file.truncate(before)
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None


class AppendedFile:
    """What a writer of records takes for a file: each record is appended whole, see :func:`append`.

    Args:
        path: the file; its folder is made if need be.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path

    def write(self, data: bytes) -> None:
        """Appends one record."""
        append(self.path, data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""


class Logs:
    """Says once of each log that it cannot be written.

    Args:
        say: shows a line.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._failing = say, set()

    @contextlib.contextmanager
    def may_fail(self, name: str | os.PathLike) -> Iterator[None]:
        """What happens in this context writes the log ``name``."""
        try:
            yield
        except (OSError, UserError) as error:
            self._failed(str(name), error)

    def guard(self, owner: object, name: str, methods: Sequence[str]) -> None:
        """Lets methods of an object fail, which write the log ``name``."""
        for method in methods:
            setattr(owner, method, self._guarded(getattr(owner, method), name))

    def _guarded(self, method: Callable[..., None], name: str) -> Callable[..., None]:
        @functools.wraps(method)
        def guarded(*args: object, **kwargs: object) -> None:
            with self.may_fail(name):
                method(*args, **kwargs)

        return guarded

    def handle_error(self, name: str, _: LogRecord) -> None:
        """In place of :meth:`logging.Handler.handleError`, which would print a page for each record."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            raise error
        self._failed(name, error)

    def _failed(self, name: str, error: OSError | UserError) -> None:
        if name in self._failing:
            return
        self._failing.add(name)  # first: what says so may be what fails
        text = cannot_write(getattr(error, "filename", None) or name, error) if isinstance(error, OSError) else error
        self._say(f"{text} {GOES_ON}")


class LastingStream:
    """A stream whose errors end nothing, such as the console of a training in a file on a full disk.

    Args:
        stream: a text stream.
        failed: called with each error.
    """

    def __init__(self, stream: TextIO, failed: Callable[[OSError], None]) -> None:
        self._stream, self._failed = stream, failed

    def write(self, text: str) -> int:
        """Writes if it can."""
        with self._may_fail():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes if it can; what it holds is kept until then."""
        with self._may_fail():
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _may_fail(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failed(error)


@contextlib.contextmanager
def lasting_console() -> Iterator[None]:
    """Within this context, a console that cannot be written to ends nothing; the other of its two streams says so, once."""
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    told: set[str] = set()

    def failed(name: str, error: OSError) -> None:
        if name in told:
            return
        told.add(name)
        print(f"{cannot_write(None, error)} {GOES_ON}", file=sys.stderr if name == "stdout" else sys.stdout, flush=True)

    lasting = {name: LastingStream(stream, functools.partial(failed, name)) for name, stream in streams.items()}
    sys.stdout, sys.stderr = lasting["stdout"], lasting["stderr"]
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams["stdout"], streams["stderr"]
        for name in told:
            give_up(streams[name])
