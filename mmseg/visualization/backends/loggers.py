"""Weights & Biases and MLflow: mmengine's backends, with the names of TensorBoard and the iteration as the axis.

Their packages are extras. What they cannot take costs a warning, as a log that cannot be written does, and not the training.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization import vis_backend as engine

from mmseg.utils.errors import UserError
from mmseg.visualization.backends.tensorboard import board_name, board_scalars

AXIS = "iteration"
NO_METRIC_NAME = re.compile(r"[^\w\-. :/]")
"""Letters that MLflow has in no name of a metric."""


def check_installed(backend: type) -> None:
    """Looks for the package that a backend needs, its attribute ``package``; others need none.

    Raises:
        UserError: it is not installed.
    """
    package = getattr(backend, "package", None)
    if package is not None and find_spec(package) is None:
        raise UserError(f"{backend.__name__} needs the package {package}, which is not installed. Run 'pip install {package}'.")


@contextlib.contextmanager
def _in_one_line(package: str) -> Iterator[None]:
    """An error of the package's own is one line."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] != package:
            raise
        raise UserError(f"{package}: {str(error).strip().partition(chr(10))[0]}") from None


@VISBACKENDS.register_module(force=True)
class WandbVisBackend(engine.WandbVisBackend):
    """Runs of Weights & Biases, offline with ``WANDB_MODE=offline``.

    mmengine's numbers by calls, and sends all Python files of the current folder along with the config.

    Args:
        save_dir: folder of the local files.
        init_kwargs: options of ``wandb.init``, such as ``dict(project='streets')``.
    """

    package = "wandb"

    def __init__(self, *, save_dir: str, init_kwargs: dict | None = None) -> None:
        super().__init__(save_dir, init_kwargs=init_kwargs and dict(init_kwargs))

    def _init_env(self) -> None:
        super()._init_env()
        self._wandb.define_metric(AXIS)
        self._wandb.define_metric("*", step_metric=AXIS)

    def add_config(self, config: Config, **_: object) -> None:
        """Sends the config."""
        with _in_one_line(self.package):
            self.experiment.config.update(config.to_dict(), allow_val_change=True)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **_: object) -> None:
        """Sends a picture, uint8 RGB [H, W, 3]."""
        self._log({name: self.experiment.Image(image)}, step)

    def add_scalar(self, name: str, value: object, step: int = 0, **_: object) -> None:
        """Sends one value."""
        self._log({board_name(name): value}, step)

    def add_scalars(self, scalar_dict: Mapping[str, object], step: int = 0, file_path: str | None = None, **_: object) -> None:
        """Sends all values of one moment."""
        self._log(board_scalars(scalar_dict), step)

    def _log(self, values: Mapping[str, object], step: int) -> None:
        with _in_one_line(self.package):
            self.experiment.log({**values, AXIS: step})

    def close(self) -> None:
        """Ends the run."""
        if hasattr(self, "_wandb"):
            self._wandb.finish()


@VISBACKENDS.register_module(force=True)
class MLflowVisBackend(engine.MLflowVisBackend):
    """Runs of MLflow, in a data base beside the log unless it is told where.

    mmengine's takes no picture without the suffix of a file, and writes to folders, which MLflow 3 no longer does.

    Args:
        save_dir: folder of the data base.
        tracking_uri: of a server or of a data base, such as ``'sqlite:///work_dirs/mlflow.db'``; None takes ``$MLFLOW_TRACKING_URI`` or
            ``mlflow.db`` in ``save_dir``.
        exp_name: name of the experiment.
        run_name: name of the run; MLflow makes one up for None.
        tags: of the run.
    """

    package = "mlflow"

    def __init__(
        self,
        *,
        save_dir: str,
        tracking_uri: str | None = None,
        exp_name: str = "training",
        run_name: str | None = None,
        tags: dict | None = None,
    ) -> None:
        given = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(save_dir).absolute() / 'mlflow.db'}"
        super().__init__(save_dir, exp_name=exp_name, run_name=run_name, tags=tags, tracking_uri=given)

    def _init_env(self) -> None:
        _, local, base = self._tracking_uri.partition("sqlite:///")
        if local:  # files go beside the data base, and not into the current folder
            folder = Path(base).absolute().parent
            folder.mkdir(parents=True, exist_ok=True)
            self._artifact_location = (folder / "mlflow_files").as_uri()
        super()._init_env()

    def add_config(self, config: Config, **options: object) -> None:
        """Sends the config, as parameters and as a file."""
        with _in_one_line(self.package):
            super().add_config(config, **options)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **_: object) -> None:
        """Sends a picture, uint8 RGB [H, W, 3]."""
        with _in_one_line(self.package):
            self.experiment.log_image(image, f"{name}/{step:06d}.png")

    def add_scalar(self, name: str, value: object, step: int = 0, **_: object) -> None:
        """Sends one value."""
        self._log({board_name(name): value}, step)

    def add_scalars(self, scalar_dict: Mapping[str, object], step: int = 0, file_path: str | None = None, **_: object) -> None:
        """Sends all values of one moment."""
        self._log(board_scalars(scalar_dict), step)

    def _log(self, values: Mapping[str, object], step: int) -> None:
        numbers = {NO_METRIC_NAME.sub("_", name): float(value) for name, value in values.items()}
        with _in_one_line(self.package):
            self.experiment.log_metrics(numbers, step)

    def close(self) -> None:
        """Sends the files of the run folder that are text, and ends the run."""
        with _in_one_line(self.package):
            super().close()
