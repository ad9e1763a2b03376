"""What the commands that predict can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from mmseg.datasets.classes.names import LABEL_IDS

KINDS = ("palette", "overlay", "confidence", "panel")
"""What can be written about a prediction, each into a folder of its name; see :func:`mmseg.apis.predicting.predict.look_at`."""
ATTENTION = "attention"
"""What is written instead where the scale attention was asked for."""

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
VIDEOS = (".mp4", ".m4v", ".avi", ".mov", ".mkv", ".webm")
READABLE = f"images ({' '.join(IMAGES)}) and videos ({' '.join(VIDEOS)})"

SUFFIXES = {"onnx": ".onnx", "exported_program": ".pt2"}
"""End of the file name of each format that a network can be exported to."""


@dataclass(frozen=True)
class Benchmark:
    """A test server.

    Attributes:
        title: name of the benchmark.
        image_suffix: end of the names of its test images; of several kinds, all of them.
        images: their number; None where the folders of images are a choice.
        ids: values that a prediction may hold, one for each class that is evaluated.
        confidence: whether it takes a second file of each image, see :func:`mmseg.apis.evaluating.submission.own_names`.
    """

    title: str
    image_suffix: str | tuple[str, ...]
    images: int | None
    ids: tuple[int, ...]
    confidence: bool = False

    @property
    def takes_label_ids(self) -> bool:
        """Whether it takes the raw label ids of Cityscapes; otherwise train ids."""
        return self.ids == LABEL_IDS


TRAIN_IDS = tuple(range(len(LABEL_IDS)))
BENCHMARKS = {
    "cityscapes": Benchmark("Cityscapes", "_leftImg8bit.png", 1525, LABEL_IDS),
    "acdc": Benchmark("ACDC", "_rgb_anon.png", 2000, TRAIN_IDS),
    "dark_zurich": Benchmark("Dark Zurich", "_rgb_anon.png", 151, TRAIN_IDS),
    "bravo": Benchmark("BRAVO", IMAGES, None, TRAIN_IDS, confidence=True),
}
"""By the name that the command lines use. All servers but that of BRAVO find a prediction by the name of its image, as PNG."""
