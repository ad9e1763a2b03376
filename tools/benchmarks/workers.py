"""Sessions in processes of their own: each has its peak of memory, its switches of torch and its compiled programs for itself."""

from __future__ import annotations

import contextlib
import multiprocessing
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection

from mmseg.utils.computing.limits import read_limits
from mmseg.utils.errors import UserError
from tools.benchmarks.sessions import Session


class Worker:
    """Passes calls on to a session in another process.

    Args:
        kind: class of the session.
        arguments: of its constructor; they travel to the process.

    Raises:
        UserError: the session's own, or the process was killed.
    """

    def __init__(self, kind: type[Session], *arguments: object) -> None:
        self.kills = read_limits().kills
        context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, kind, arguments), daemon=True)
        self.process.start()
        theirs.close()
        self._answer()

    def call(self, method: str, *arguments: object) -> object:
        """What the session's method returns."""
        self.pipe.send((method, arguments))
        return self._answer()

    def _answer(self) -> object:
        try:
            error, answer = self.pipe.recv()
        except EOFError:
            self.process.join()
            ran_out = f": {read_limits().ran_out}" if read_limits().kills > self.kills else ""
            ended = f"was ended from outside (exit code {self.process.exitcode}){ran_out}"
            raise UserError(f"The process under measurement {ended}. If memory ran out, give it a smaller config.") from None
        if error is not None:
            raise error
        return answer

    def close(self) -> None:
        """Ends the process."""
        self.process.terminate()
        self.process.join()
        self.pipe.close()


@contextlib.contextmanager
def worker(kind: type[Session], *arguments: object) -> Iterator[Worker]:
    """A worker that ends with the context."""
    opened = Worker(kind, *arguments)
    try:
        yield opened
    finally:
        opened.close()


def serve(pipe: Connection, kind: type[Session], arguments: tuple) -> None:
    """What the process does: builds the session, then answers calls until it is ended."""
    try:
        session = kind(*arguments)
        pipe.send((None, None))
        while True:
            method, given = pipe.recv()
            pipe.send((None, getattr(session, method)(*given)))
    except UserError as error:
        pipe.send((error, None))
    except EOFError:  # whoever measures is gone
        return
    except Exception:  # its traceback names the place here, which an exception that travels would lose
        pipe.send((RuntimeError(traceback.format_exc()), None))
