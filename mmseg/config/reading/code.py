"""Configs that may be programs: a Python config can compute its values, and then reading it runs it.

Few do. One that is no more than values is read as such, in a tenth of the time: mmengine runs a copy of every file, in a folder of its own.
"""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from mmengine.config import Config

from mmseg.config.reading.safe import plain_values
from mmseg.utils.errors import UserError
from mmseg.utils.storage.space import OF_WRITING, cannot_write


def run_config(path: str | Path) -> Config:
    """What a config makes, which may run its code; errors of :func:`mmseg.config.config.read_config`."""
    try:
        return Config(plain_values(path), filename=str(path))
    except UserError:  # more than values, or broken: running it says where
        return _executed(path)


def _executed(path: str | Path) -> Config:
    try:
        return Config.fromfile(path, import_custom_modules=False)
    except UserError:
        raise
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"Config {path} was still being read{place_in_config(stop)}.") from None
    except BaseException as error:  # whatever a user's Python file may raise, SystemExit included
        if isinstance(error, OSError) and not place_in_config(error) and (error.errno in OF_WRITING or "temporary" in str(error)):
            folder = Path(tempfile.tempdir or "the folder for temporary files")
            raise UserError(cannot_write(folder / Path(path).name, error)) from error  # mmengine runs a copy of the file
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        what = "it ends the program" if isinstance(error, SystemExit) else reason
        raise UserError(f"Config {path} cannot be read: {what}{place_in_config(error)}. Correct the file.") from error


def place_in_config(error: BaseException) -> str:
    """The line of a config file, or of a file that it inherits from, where an error came up; nothing where none ran."""
    frames = (
        frame for frame in traceback.walk_tb(error.__traceback__) if "_base_" in frame[0].f_globals
    )  # mmengine's name for what it runs
    last = max(enumerate(frames), default=None)
    return f" (line {last[1][1]} of {last[1][0].f_code.co_filename})" if last else ""
