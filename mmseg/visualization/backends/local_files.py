"""Logged values and pictures as files of the run, as mmengine lays them out: each line and each picture is whole or absent."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.fileio import dump
from mmengine.registry import VISBACKENDS
from mmengine.visualization import LocalVisBackend as MMEngineBackend

from mmseg.utils.storage.files import write_text
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.logs import append


@VISBACKENDS.register_module(force=True)
class LocalVisBackend(MMEngineBackend):
    """mmengine's, which says nothing of a picture that the disk does not take, and leaves half a line behind.

    Args:
        save_dir: folder of the files.
        img_save_dir: of the pictures, in there.
        config_save_file: name of the config.
        scalar_save_file: name of the file with all values.
    """

    def add_config(self, config: Config, **_: object) -> None:
        """Writes the config."""
        write_text(self.experiment._config_save_file, config.pretty_text)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **_: object) -> None:
        """Writes a picture, uint8 RGB [H, W, 3]."""
        folder = Path(self.experiment._img_save_dir)  # which is known once the folder has been made
        write_image(folder / f"{name}_{step}.png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def _dump(self, value_dict: dict, file_path: str | os.PathLike, file_format: str) -> None:
        append(file_path, f"{dump(value_dict, file_format=file_format)}\n".encode())
