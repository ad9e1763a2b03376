"""Running configs one process each: skip what is finished, resume what was interrupted, go on after a failure."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import rich

from mmseg.apis.launching.commands import run_command
from mmseg.apis.launching.needs import check_needs
from mmseg.apis.launching.processes import Children, Start, interruptible
from mmseg.apis.launching.runs import Run, distinct
from mmseg.config.small.shrink import layouts
from mmseg.evaluation import per_class_table, print_titled
from mmseg.evaluation.curve import mean_text
from mmseg.utils.computing.limits import LESS, killed_for_memory, read_limits
from mmseg.utils.errors import LAUNCHED, UserError
from mmseg.utils.options.config_text import write_config
from mmseg.utils.repository import ROOT
from mmseg.utils.storage.files import check_writable
from mmseg.utils.storage.locks import in_use
from mmseg.utils.storage.run_folder import BEST, CONFIG, LATEST, PICTURES

CONSOLE = "console.log"
LOOK = 0.5
"""Seconds between two looks at the trainings. A signal may be delivered to a thread that waits for one of them; Python acts on it
when this thread runs, which it would not do before all have ended."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of a launch ended.

    Attributes:
        run: the training.
        failure: its one line; None unless it failed.
        elsewhere: another launch is training it.
        lacks: the run whose product it needs, and which was not finished, so that it was not started.
        waits: its line that says what people have to do before it goes on.
    """

    run: Run
    failure: str | None = None
    elsewhere: bool = False
    lacks: Run | None = None
    waits: str | None = None


def prepare(runs: Sequence[Run]) -> None:
    """Draws the demo data that configs ask for, and refuses what cannot start.

    Raises:
        UserError: data or starting weights are missing, or a run folder cannot be written to.
    """
    domains: dict[str, set[str]] = {}
    for run in runs:
        if run.cfg.get("demo_data"):
            domains.setdefault(run.cfg.demo_data, set()).update(layouts(run.cfg))
    for folder, names in domains.items():
        make_demo_data(folder, "--layout", *sorted(names))
    check_needs(runs)
    for run in runs:
        check_writable(run.folder)


def make_demo_data(folder: str | Path, *options: str) -> None:
    """Draws demo domains into ``folder`` unless they are complete; the tool prints its own errors."""
    code = subprocess.call([sys.executable, str(ROOT / "tools" / "make_demo_data.py"), "--out", str(folder), *options])
    if code:
        sys.exit(code)


def launch_one(run: Run, start: Start) -> None:
    """Trains one run in a process of its own, with its output on the console.

    Raises:
        UserError: another process trains it, or the training failed; it said why.
    """
    if run.finished:
        rich.print(f"{run.folder} is finished; its results follow. Move the folder elsewhere to train again.")
        return
    if run.state == "running":
        raise in_use(run.folder)
    prepare([run])
    write_config(run.folder / CONFIG, run.cfg)
    kills = read_limits().kills
    with interruptible() as children:
        code = call(run, children, start, {LAUNCHED: "1"})
    if code == 2:
        sys.exit(2)  # the training has printed its one line
    if killed := killed_for_memory(code, kills):
        raise UserError(f"The training in {run.folder} was killed: {killed} The same command resumes.")
    if code:
        raise UserError(
            f"The training in {run.folder} ended with exit code {code}. Its output above says why; run the command again to resume."
        )
    if not run.finished:
        sys.exit(0)  # it waits for people, and has said what for


def launch_all(runs: Sequence[Run], jobs: int, start: Start) -> list[Outcome]:
    """Trains each distinct run, ``jobs`` at a time, each with its share of the cores; returns how they ended.

    Raises:
        UserError: something that a run needs is missing; nothing was started then.
    """
    todo = [run for run in distinct(runs) if not run.finished]
    count = len(distinct(runs))
    print(f"{count} run{'s' * (count != 1)}, {count - len(todo)} of them finished, {jobs} at a time.", flush=True)
    prepare([run for run in todo if run.state != "running"])
    slots: SimpleQueue[int] = SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)

    def train(run: Run) -> Outcome:
        slot = slots.get()
        try:
            return _train(run, children, start, start.environment(slot, jobs))
        finally:
            slots.put(slot)

    outcomes: dict[str, Outcome] = {}
    going: dict[Future[Outcome], Run] = {}
    with ThreadPoolExecutor(jobs) as pool, interruptible() as children:
        while len(outcomes) < len(todo):
            for run in ready(todo, outcomes, going.values()):
                if lacks := lacking(run, outcomes):
                    outcomes[run.digest] = Outcome(run=run, lacks=lacks)
                    print(f"not started: it needs {lacks.folder}, which is not finished  {run.folder}", flush=True)
                elif len(going) < jobs:  # a later stage of a row goes before the first one of the next
                    going[pool.submit(train, run)] = run
            done, _ = wait(going, timeout=LOOK, return_when=FIRST_COMPLETED)
            outcomes |= {going.pop(future).digest: future.result() for future in done}
    return [outcomes[run.digest] for run in todo]


def ready(todo: Sequence[Run], outcomes: Mapping[str, Outcome], going: Collection[Run]) -> list[Run]:
    """The runs that were not started yet, and of which nothing that they need is still to come."""
    started = {*outcomes, *(run.digest for run in going)}
    ahead = {run.digest for run in todo} - outcomes.keys()
    return [run for run in todo if run.digest not in started and not ahead & set(run.inputs)]


def lacking(run: Run, outcomes: Mapping[str, Outcome]) -> Run | None:
    """The first run that another one needs, and that has ended without a result."""
    needed = [outcomes[digest].run for digest in run.inputs if digest in outcomes]
    return next((other for other in needed if not other.finished), None)


def _train(run: Run, children: Children, start: Start, environment: dict[str, str]) -> Outcome:
    if children.ending:
        return Outcome(run=run)
    if run.state == "running":
        print(f"running elsewhere  {run.folder}", flush=True)
        return Outcome(run=run, elsewhere=True)
    kills = read_limits().kills
    try:
        code, output = _call(run, children, start, environment)
    except UserError as error:
        code, output = 2, f"error: {error}"
    except OSError as error:
        code, output = 2, f"error: Cannot write to {run.folder}: {error.strerror}. Free some space or choose a writable folder."
    if children.ending:
        return Outcome(run=run)
    if run.finished:
        print(f"finished: {run.outcome}  {run.folder}", flush=True)
        return Outcome(run=run)
    if run.state == "running":  # another launch was faster
        print(f"running elsewhere  {run.folder}", flush=True)
        return Outcome(run=run, elsewhere=True)
    if code == 0:
        print(f"waits for people  {run.folder}", flush=True)
        return Outcome(run=run, waits=output.rstrip().rpartition("\n")[2])
    print(f"failed with exit code {code}  {run.folder}", flush=True)
    return Outcome(run=run, failure=killed_line(code, kills, output) or failure_line(output))


def _call(run: Run, children: Children, start: Start, environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of a training."""
    print(f"{'resumed' if run.started else 'started'}  {run.folder}, output in {CONSOLE} there", flush=True)
    write_config(run.folder / CONFIG, run.cfg)
    with open(run.folder / CONSOLE, "a+", errors="replace") as console:
        before = console.tell()
        code = call(run, children, start, environment, stdout=console, stderr=subprocess.STDOUT)
        console.seek(before)
        return code, console.read()


def call(run: Run, children: Children, start: Start, environment: dict[str, str], **streams: object) -> int:
    """Runs the training or the command of a run to its end; returns its exit code."""
    command = start.command(run)
    if not run.command:
        return children.call(command, environment, **streams)
    return run_command(run, lambda: children.call(command, environment, **streams))


def killed_line(code: int, kills: int, output: str) -> str | None:
    """Why a training was killed that could not say so itself; None if it was not.

    Args:
        code: its exit code.
        kills: how many processes the system had killed for memory before.
        output: what it and Slurm printed.
    """
    if killed := killed_for_memory(code, kills):
        return f"It was killed: {killed}"
    if code not in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return None
    told = "oom" in output.lower().replace("-", "").replace("out of memory", "oom")
    return f"It was killed{' by Slurm: memory ran out' if told else ', as the system does where memory runs out'}. {LESS}"


def failure_line(output: str) -> str:
    """The line of a training's output that says why it failed: its first error of its own, or what comes last.

    With several processes, later errors are those of processes that have lost the first.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    own = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return [*own, *lines[-1:], "It printed nothing."][0]


def say_what_is_missing(outcomes: Sequence[Outcome]) -> int:
    """Prints which runs failed, wait for another one or are trained elsewhere; returns the exit code."""
    elsewhere = [outcome.run for outcome in outcomes if outcome.elsewhere]
    failed = [outcome for outcome in outcomes if outcome.failure]
    lacking = [outcome for outcome in outcomes if outcome.lacks]
    waiting = [outcome for outcome in outcomes if outcome.waits]
    if waiting:
        print("Waiting for people:", *(f"{outcome.run.folder.name}: {outcome.waits}" for outcome in waiting), sep="\n  ")
    if elsewhere:
        print("Trained elsewhere now:", *(run.folder for run in elsewhere), sep="\n  ")
    if failed:
        print(f"{len(failed)} of {len(outcomes)} runs failed. The same command tries them again:", file=sys.stderr)
    for outcome in failed:
        print(f"  {outcome.run.folder.name}: {outcome.failure} Log: {outcome.run.folder / CONSOLE}", file=sys.stderr)
    for outcome in lacking:
        print(f"  {outcome.run.folder.name}: not started, it needs {outcome.lacks.folder.name}, which is not finished.", file=sys.stderr)
    return 1 if failed else 0


def report(run: Run) -> None:
    """Prints the per-class table and where everything is; of a command, where its product is."""
    result = run.result
    if run.command:
        print(f"{run.outcome}: {run.product}")
        return
    print_titled(f"{run.folder.name}, {result['iteration']} iterations", per_class_table(result["metrics"]))
    logs = sorted(run.folder.glob("*/*.log"))
    places = {
        "checkpoint": run.folder / LATEST,
        "best": run.folder / BEST,
        "log": logs[-1] if logs else run.folder,
        "TensorBoard": logs[-1].parent / "vis_data" if logs else run.folder,
        "pictures": run.folder / PICTURES,
    }
    for name, path in places.items():
        print(f"{name:<12}{path}")
    print(mean_text(result))
