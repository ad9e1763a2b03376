"""What the system has to allow loader workers: open files, and memory that they share with their training."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from mmseg.utils.errors import UserError
from mmseg.utils.storage.space import OF_WRITING, as_size, free_space

FILES, FILES_EACH = 64, 32
"""Open files of a training, and more of them for each worker: 46 with two workers and small samples, and every tensor on its way is one."""
SHARED = "/dev/shm"
NO_ROOM = ("allocate shared memory", "open shared memory", "write to file </torch_")
"""How torch says that memory cannot be shared."""


def allow_open_files(workers: int) -> None:
    """Lets this process open as many files as its workers need, where the system allows it.

    Beyond its limit, a worker would lose samples, and the training would wait for them for ever.

    Raises:
        UserError: it may not.
    """
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource

        needed = FILES + FILES_EACH * workers
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= needed:
            return
        if hard != resource.RLIM_INFINITY and hard < needed:
            text = f"{workers} loader workers need {needed} open files, but the system allows {hard} (ulimit -n)"
            raise UserError(f"{text}. Raise that limit, or lower num_workers.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@contextlib.contextmanager
def needing_room() -> Iterator[None]:
    """What is shared is made within this context: tensors, and the locks of queues.

    Raises:
        UserError: there is no room for it.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        check_room(error)
        raise


def check_room(error: BaseException) -> None:
    """Explains an error of sharing memory.

    Raises:
        UserError: this is one.
    """
    if any(words in str(error) for words in NO_ROOM) or getattr(error, "errno", None) in OF_WRITING:
        free = free_space(SHARED)
        room = "" if free is None else f", {as_size(free)} are free"
        state = "cannot be written to" if os.strerror(errno.EROFS) in str(error) else f"is too small{room}"
        fix = "Enlarge it (--shm-size 2g of a container), or set num_workers to 0"
        raise UserError(f"Loader workers cannot hand over what they have read: {SHARED} {state}. {fix}.") from error
