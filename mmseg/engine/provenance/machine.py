"""Versions and hardware, as far as they may change the last digits of a number."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from mmengine.dist import get_world_size

from mmseg.engine.checkpoints.checkpoint import environment

PACKAGES = ("torchvision", "timm", "numpy", "opencv-python", "pillow", "onedl-mmengine", "onedl-mmcv")
CPU_INFO = Path("/proc/cpuinfo")


def versions() -> dict[str, str | None]:
    """Of this package, Python, torch, and all that reads, resizes and computes; None for what is installed otherwise."""
    found: dict[str, str | None] = dict(environment())
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # such as opencv-python-headless
            found[name] = None
    cudnn = torch.backends.cudnn.version() if torch.cuda.is_available() else None
    return {**found, "cudnn": None if cudnn is None else str(cudnn)}


def hardware(device: str | torch.device) -> dict[str, str | int]:
    """What computes: ``device`` by its name, ``cpu``, ``threads`` of this process, ``processes``, ``system``."""
    device = torch.device(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    system = f"{platform.system()} {platform.machine()}"
    return {"device": name, "cpu": _cpu(), "threads": torch.get_num_threads(), "processes": get_world_size(), "system": system}


def _cpu() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:  # not on Linux
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()
