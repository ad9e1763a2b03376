"""The teacher of a distillation: found, read as its own training has left it, and given to the method."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

from mmseg.apis.predicting.inference import init_model
from mmseg.apis.predicting.model_files import model_files
from mmseg.engine.checkpoints.trained_for import check_order
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.methods.distillation import Distillation
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash


def teacher_files(path: str) -> tuple[Path, Path]:
    """The config and the checkpoint of a teacher.

    Args:
        path: ``uda.distilled_from``: a folder of both, or a checkpoint beside its config.

    Raises:
        UserError: there is nothing, or the folder lacks one of them.
    """
    if not Path(path).exists():
        raise UserError(f"The teacher {path} does not exist. Train it first, or name its folder with uda.distilled_from.")
    if Path(path).is_dir():
        return model_files(path)
    config, _ = model_files(Path(path).parent)
    return config, Path(path)


def attach_teacher(method: UDAMethod, classes: Sequence[str], device: str) -> list[str]:
    """Gives a :class:`Distillation` its teacher; other methods have none.

    Args:
        method: of the training.
        classes: names by train id in the data of the training.
        device: of the method.

    Returns:
        lines for the log.

    Raises:
        UserError: the teacher is missing, or of other classes.
    """
    if not isinstance(method, Distillation):
        return []
    config, checkpoint = teacher_files(method.distilled_from)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        teacher = init_model(config, checkpoint, device)
    method.learn_from(teacher, file_hash(checkpoint))
    what = f"The teacher in {method.distilled_from} was trained"
    check_order(teacher.classes, classes, what, "the data of the student", fix="Give these data sets that order with classes=[…].")
    return [f"Teacher: {line}" for line in said.getvalue().splitlines()]
