"""The processes of one training: where each of them runs, and what has become of it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from torch import distributed

from mmseg.utils.signals import process_state, this_process

NAMESPACE = Path("/proc/self/ns/pid")
"""Says whose process numbers this process sees: containers on one machine have their own."""
STUCK = {"T": "is stopped (SIGSTOP)", "t": "is held by a debugger", "D": "waits for a disk or a network folder"}
"""States of a process that answers nobody, by the letter of the system."""
ENDED = "has ended"


@dataclass(frozen=True)
class Peer:
    """One process.

    Attributes:
        rank: its number in the training.
        host: name of its machine.
        space: what its process number counts in.
        process: of :func:`~mmseg.utils.signals.this_process`.
    """

    rank: int
    host: str
    space: str
    process: str

    @classmethod
    def own(cls) -> Peer:
        """This process."""
        space = os.readlink(NAMESPACE) if NAMESPACE.is_symlink() else ""
        return cls(distributed.get_rank(), socket.gethostname(), space, this_process())

    @property
    def trouble(self) -> str | None:
        """Why it does not answer; None while it works."""
        state = process_state(self.process)
        return ENDED if state is None else STUCK.get(state)


class Peers:
    """What a process knows of the others of its training; nothing before they have met.

    Attributes:
        all: the processes, by rank.
        own: this one.
    """

    def __init__(self) -> None:
        self.all: list[Peer] = []
        self.own: Peer | None = None

    def meet(self) -> None:
        """Tells all processes of all; each of them has to call this."""
        self.own = Peer.own()
        found: list[Peer] = [self.own] * distributed.get_world_size()
        distributed.all_gather_object(found, self.own)
        self.all = found

    @property
    def near(self) -> list[Peer]:
        """The others whose state can be seen: those on this machine."""
        return [peer for peer in self.all if peer != self.own and (peer.host, peer.space) == (self.own.host, self.own.space)]

    def troubles(self, seconds: float = 0.0) -> dict[Peer, str]:
        """The others on this machine that do not answer, and why: those that have ended, or else those that are stuck.

        Args:
            seconds: to wait for the first; the connection to a process breaks a moment before the system has ended it.
        """
        end = time.monotonic() + seconds
        while True:
            found = {peer: trouble for peer in self.near if (trouble := peer.trouble)}
            if ended := {peer: trouble for peer, trouble in found.items() if trouble == ENDED}:
                return ended
            if time.monotonic() >= end:
                return found
            time.sleep(0.1)

    def speaks(self, silent: dict[Peer, str]) -> bool:
        """Whether this process is the first on its machine that works."""
        return self.own is None or not any(peer.rank < self.own.rank for peer in self.near if peer not in silent)

    def elsewhere(self) -> list[str]:
        """The other machines, whose processes cannot be seen from here."""
        with contextlib.suppress(AttributeError):  # none has met
            return sorted({peer.host for peer in self.all} - {self.own.host})
        return []
