"""Errors that a user can mend: one line that says what was given and what to do."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import errno
import functools
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TextIO

from mmseg.utils.computing.limits import LESS
from mmseg.utils.process_start import have_home, open_streams
from mmseg.utils.signals import LAUNCHER, Stopped, end_with, ending_by_term
from mmseg.utils.storage.space import OF_WRITING, cannot_write

STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
NO_MEMORY = ("can't allocate memory", "annot allocate memory", "failed to map segment", "bad_alloc", "out of memory", "nsufficient memory")
"""How libraries say that memory ran out."""
NO_PROCESS = ("start new thread", os.strerror(errno.EAGAIN))
"""How they say that a user or a container has as many processes and threads as it may have."""
LAUNCHED = "MMSEG_LAUNCHED"
"""Environment variable of the trainings that a launcher starts."""
QUIET = "MMSEG_QUIET"
"""Environment variable of a command that shows no progress, and of the processes that it starts."""


class UserError(ValueError):
    """A mistake in a config, a command or a file. Its text is one line and ends with the fix.

    A loader worker sends its error to the main process as ``UserError(traceback text)``; only the line
    that the user has to read is kept. Names of files in it are made printable, see :func:`one_line`.
    """

    def __init__(self, text: str) -> None:
        if "Original Traceback" in text:
            text = text.rstrip().splitlines()[-1].removeprefix(f"{__name__}.{type(self).__name__}: ")
        super().__init__(one_line(text))


class BadFileError(UserError):
    """A data file that is missing, broken or not what it should be; training may skip it."""


class SmallImageError(UserError):
    """An image that is smaller than what a network can see."""


class NotFiniteError(UserError):
    """A network's output that is NaN or infinite, for an image whose name :func:`naming` adds."""

    def __init__(self, image: str | Path = "An image") -> None:
        self.image = str(image)
        reason = "the output of the network is not finite (NaN or infinite), its weights or statistics are ruined"
        super().__init__(f"{image}: {reason}. Use an earlier state, such as best.pth, or other weights.")


class Waiting(Exception):  # noqa: N818  (no error)
    """A training goes on when people have done something: its text, which is one line, says what. The command ends with exit code 0."""


@contextlib.contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Names the file of an image that is too small for the network, or that it finds no finite output for: it does not know the file."""
    try:
        yield
    except NotFiniteError:
        raise NotFiniteError(path) from None
    except SmallImageError as error:
        raise BadFileError(f"{path} cannot be predicted. {error}") from None


@contextlib.contextmanager
def naming_file(path: str | Path) -> Iterator[None]:
    """Begins an error about the content of a file with its name: what raises it does not know the file."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def one_line(text: str) -> str:
    """A text with names of files as any terminal and log can show it.

    Escaped are line breaks, letters that steer a terminal or turn the direction of reading, and bytes that are not UTF-8.
    """
    return STEERING.sub(lambda found: ascii(found[0])[1:-1], text).encode(errors="backslashreplace").decode()


def suggestion(name: object, candidates: Iterable[str]) -> str:
    """Returns ``" Did you mean 'x'?"`` for the candidate that is closest to a text, or an empty string."""
    close = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.6) if isinstance(name, str) else []
    return f" Did you mean '{close[0]}'?" if close else ""


class CommandParser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, without the list of all options; belongs into a :func:`command_line`."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        unknown = [word.partition("=")[0] for word in message.split() if word.startswith("--")]
        near = suggestion(unknown[0], self._option_string_actions) if unknown and message.startswith("unrecognized") else ""
        raise UserError(f"{message}.{near} See {self.prog} --help.")


def of_the_system(error: Exception) -> str | None:
    """What to say about an error of the disk, of memory, of processes or of a name that no file can have; None for our own bugs."""
    if isinstance(error, OSError) and error.errno in OF_WRITING:
        return cannot_write(error.filename, error)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"{str(error.filename)[:40]}… is longer than the name of a file may be, so it names none."
    said = str(error).partition("\n")[0]
    if isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY):
        return f"Memory ran out ({said or 'no more is given'}). {LESS}"
    if any(words in str(error) for words in NO_PROCESS):
        return f"The system starts no further process or thread ({said}). {LESS}"
    return None


def give_up(stream: TextIO) -> None:
    """What a stream still holds goes nowhere if it must, or Python would end with an error of its own."""
    try:
        stream.flush()
    except OSError:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _end(code: int, text: str = "") -> NoReturn:
    """Ends the process with a line, whatever the console takes of it."""
    with contextlib.suppress(OSError):
        if text:
            print(text, file=sys.stderr)
    give_up(sys.stdout)
    give_up(sys.stderr)
    sys.exit(code)


def command_line(main: Callable[..., int | None]) -> Callable[..., None]:
    """Wraps the ``main`` of a command: a :class:`UserError` is printed as one line, exit code 2.

    So are a file that the disk does not take, and memory that ran out. Everything else keeps its traceback, because it is our bug and not
    the user's mistake. An interrupt and SIGTERM are one line as well, which says how to go on where the interrupted part knows it; in a
    process that a launcher has started, the launcher says it. Such a process ends with its launcher.

    A ``main`` reads and checks its arguments first and imports what does the work after that, because torch and the networks
    take seconds: a help text, a list or a mistake in the command is there at once.
    """

    @functools.wraps(main)
    def run(*args, **kwargs) -> None:
        open_streams()
        have_home()
        if LAUNCHER in os.environ:
            end_with(os.environ[LAUNCHER])
        try:
            with ending_by_term():
                code = main(*args, **kwargs)
                sys.stdout.flush()  # a full disk is said now, and not by Python in its own words
        except UserError as error:
            _end(2, f"error: {error}")
        except BrokenPipeError:  # who has read what is printed needs no more of it
            _end(128 + signal.SIGPIPE)
        except Waiting as pause:
            code = 0
            if str(pause):  # one of several processes says it
                print(one_line(str(pause)))
        except Exception as error:
            if (line := of_the_system(error)) is None:
                raise
            _end(2, f"error: {one_line(line)}")
        except KeyboardInterrupt as stop:
            stopped = stop if isinstance(stop, Stopped) else Stopped(signal.SIGINT, *stop.args)
            text = "" if LAUNCHED in os.environ else ". ".join([stopped.reason, *map(str, stopped.args)])
            _end(128 + stopped.number, text)
        sys.exit(code or 0)

    return run
