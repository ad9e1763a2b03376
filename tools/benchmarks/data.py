"""Speed of the loader: samples per second of one worker, against a straightforward pipeline over the same files and draws."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import cv2
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from mmseg.datasets import UDADataset
from mmseg.demo.choices import Parameters
from mmseg.engine.checkpoints.checkpoint import environment
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path
from tools.benchmarks.plain.pipeline import PlainPipeline
from tools.benchmarks.settings import BATCH
from tools.make_demo_data import make_demo_data

VARIANTS = ("without_rare_class_sampling", "with_rare_class_sampling")
SIZES = {"gta": (1914, 1052), "cityscapes": (2048, 1024)}  # (width, height) of the originals
IMAGES = {"gta": "gta/images/*.png", "cityscapes": "cityscapes/leftImg8bit/**/*.png"}
DEMO_SEED = 1  # of scenes among which every class fills the 3000 pixels of some image that rare-class sampling asks for


class Clocked(Dataset):
    """Adds to every sample the CPU time that its process has used so far, in seconds."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitem__(self, index: int) -> dict:
        return {**self.dataset[index], "cpu": time.process_time()}


def demo_options(options: Mapping, folder: Path, scenes: int) -> dict:
    """The options of a data set with its source and target replaced by demo scenes as large as GTA and Cityscapes.

    The scenes are drawn into ``folder`` unless they are there.
    """
    for layout, (width, height) in SIZES.items():
        root = folder / layout
        parameters = Parameters(seed=DEMO_SEED, width=width, height=height, source=scenes, target=scenes, val=1)
        if make_demo_data(out=root, parameters=parameters, layouts=[layout]):
            for path in root.glob(IMAGES[layout]):
                compress_as_usual(path)
    source = {"type": "GTADataset", "data_root": str(folder / "gta/gta"), "img_dir": "images", "ann_dir": "labels"}
    target = {"type": "CityscapesDataset", "data_root": str(folder / "cityscapes/cityscapes"), "img_dir": "leftImg8bit/train"}
    return {**options, "source": source, "target": target}


def compress_as_usual(path: Path) -> None:
    """Rewrites an image with the settings of zlib that PNG writers use by default, as the originals were; OpenCV has its own."""
    with Image.open(path) as image, atomic_path(path) as temporary:
        image.save(temporary)


def measure_loader(options: Mapping, *, samples: int, rounds: int) -> dict:
    """Runs both loaders in turn, in one worker process each.

    Args:
        options: config of a :class:`UDADataset` with a target.
        samples: per round and loader.
        rounds: the figures are medians over them.

    Returns:
        ``plain``, ``ours`` in samples per second of CPU time and their ``ratio``, by variant; the same by the clock on the
        wall under ``wall``; ``spread``: lowest and highest ratio of a round; ``passes``: how often the plain pipeline
        made a source sample, on average.
    """
    if options.get("target") is None:
        raise UserError("The benchmark needs a training with a target. Use a config such as configs/hrda/gtaHR2csHR_hrda.py.")
    variants = {VARIANTS[0]: {**options, "rare_class_sampling": None}}
    if options.get("rare_class_sampling"):
        variants[VARIANTS[1]] = options
    result: dict = {"plain": {}, "ours": {}, "ratio": {}, "spread": {}, "passes": {}, "wall": {"plain": {}, "ours": {}, "ratio": {}}}
    for name, variant in variants.items():
        ours = build_checked({"type": UDADataset, **variant}, DATASETS)
        loaders = {"plain": PlainPipeline(ours), "ours": ours}
        measured = [{key: speed(loader, samples, start=turn * samples) for key, loader in loaders.items()} for turn in range(rounds)]
        for place, clock in ((result, "cpu"), (result["wall"], "wall")):
            for key in loaders:
                place[key][name] = statistics.median(turn[key][clock] for turn in measured)
            ratios = [turn["ours"][clock] / turn["plain"][clock] for turn in measured]
            place["ratio"][name] = statistics.median(ratios)
            result["spread"].setdefault(name, {})[clock] = [min(ratios), max(ratios)]
        result["passes"][name] = statistics.mean(turn["plain"]["passes"] for turn in measured)
    return result


def speed(dataset: Dataset, samples: int, start: int) -> dict[str, float]:
    """Samples per second of one worker that makes batches, by its CPU time and by the clock on the wall; the first batch warms up."""
    numbers = range(start, start + BATCH + samples // BATCH * BATCH)
    loader = iter(DataLoader(Clocked(dataset), BATCH, sampler=numbers, num_workers=1, worker_init_fn=one_thread))
    first, begin = next(loader), time.perf_counter()
    passes = []
    for batch in loader:
        passes += batch["source"]["passes"].tolist() if "passes" in batch["source"] else [1]
    wall = time.perf_counter() - begin
    counted = len(numbers) - BATCH
    cpu = float(batch["cpu"][-1] - first["cpu"][-1])
    return {"cpu": counted / cpu, "wall": counted / wall, "passes": statistics.mean(passes)}


def one_thread(worker: int) -> None:
    """As in a training: the workers are what runs in parallel."""
    cv2.setNumThreads(0)


def surroundings() -> dict:
    """What the figures depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg() if hasattr(os, "getloadavg") else ()
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load_average": list(load),
        "opencv": cv2.__version__,
        **environment(),
    }
