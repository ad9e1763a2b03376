"""The step before a run can be looked at: its validation images are predicted once, and what is seen is written into its folder.

Letters: K classes, (H, W) native size of an image.
"""

from __future__ import annotations

import numpy as np
import torch
from mmengine.config import Config

from mmseg.apis.evaluating.evaluate import check_classes, evaluation_loader, native_photo
from mmseg.apis.evaluating.records import without_nan
from mmseg.apis.predicting.inference import init_model
from mmseg.apis.viewing.files import INDEX, Index, RunFiles, SeenImage, picture_name, view_folder
from mmseg.apis.viewing.pictures import predicted_pictures
from mmseg.evaluation import IoUMetric
from mmseg.evaluation.metric_config import metric_config
from mmseg.models.uda import UDAMethod
from mmseg.registry import METRICS
from mmseg.utils.computing.progress import progress_bar
from mmseg.utils.errors import naming, one_line
from mmseg.utils.storage.files import check_writable, write_bytes, write_json
from mmseg.utils.storage.space import SpaceWatch


def make_view(files: RunFiles, cfg: Config, device: str) -> None:
    """Predicts the validation images of a run under a progress bar, and writes ``view/`` with all pictures; its index comes last.

    The numbers are those of ``tools/test.py`` without options; labels of ``test_keep_ratio='pad'``, which are measured at the padded
    size there, are measured at their native size here.

    Args:
        files: of the run.
        cfg: its complete config.
        device: 'cpu', 'cuda', …

    Raises:
        UserError: data are missing or broken, do not fit the checkpoint, or the folder cannot be written to.
    """
    folder = view_folder(files.run)
    check_writable(folder)
    state = files.state  # before it is read: a training may go on meanwhile
    dataset = evaluation_loader(cfg).dataset
    model = init_model(cfg, files.checkpoint, device)
    scores = METRICS.build(metric_config(cfg))
    scores.dataset_meta = dataset.metainfo
    check_classes(model.model.num_classes, model.classes, scores.classes)
    (folder / INDEX).unlink(missing_ok=True)
    seen, kinds, watch = [], [], SpaceWatch(folder, len(dataset))
    with progress_bar() as bar:
        task = bar.add_task("Predicting", total=len(dataset))
        for number in range(len(dataset)):
            image, pictures = see(model, dataset, number, scores)
            for kind, data in pictures.items():
                write_bytes(folder / picture_name(number, kind), data)
            seen, kinds = [*seen, image], list(pictures)
            bar.advance(task)
            watch.step()
    metrics = without_nan(scores.compute_metrics(scores.results)) if dataset.labelled else {}
    index: Index = {
        "version": 1,
        "made_of": state,
        "classes": [one_line(name) for name in model.classes],
        "palette": [list(map(int, color)) for color in model.palette],
        "kinds": kinds,
        "metrics": metrics,
        "images": seen,
    }
    write_json(folder / INDEX, index)


def see(model: UDAMethod, dataset: torch.utils.data.Dataset, number: int, scores: IoUMetric) -> tuple[SeenImage, dict[str, bytes]]:
    """Predicts one image; its pixels are added to what ``scores`` has counted."""
    photo, label, path = native_photo(dataset.images, number), None, dataset.images.path(number)
    if dataset.labelled:
        label = dataset.read_label(number)
        dataset.check_same_size(number, photo, label)
    with naming(path):
        prediction, pictures = predicted_pictures(model, photo, label)
    value = None
    if label is not None:
        sample = {"path": str(path), "prediction": torch.from_numpy(prediction.labels), "label": torch.from_numpy(label)}
        if getattr(dataset, "conditions", None):
            sample["condition"] = dataset.conditions[number]
        scores.process(None, [sample])
        value = scores.scores(scores.results[-1].confusion)["mIoU"]
    mean = 100 * float(np.clip(prediction.confidence.mean(dtype=np.float64), 0, 1))
    name = one_line(str(dataset.images.names[number]))
    return {"name": name, "mIoU": without_nan({"": value})[""] if value is not None else None, "confidence": mean}, pictures
