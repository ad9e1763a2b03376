"""A round as a picture: one image, its scores, what was picked in it, and what is known of it now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
from mmengine.dist import is_main_process

from mmseg.datasets.annotating.rounds import RoundFolder, as_array
from mmseg.engine.annotating.looking import predictions
from mmseg.engine.annotating.making import Asker
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.run_folder import PICTURES
from mmseg.visualization.pictures.acquisition import draw_acquisition


def draw_round(asker: Asker, folder: RoundFolder, run: Path, info: Mapping) -> None:
    """Writes ``pictures/round_1.png`` in the folder of a run, by the first process, unless it is there.

    Args:
        asker: who has asked, with its network as it was then.
        folder: of the round, in which the picks are made.
        run: folder of the training.
        info: ``classes`` and ``palette`` of the training.
    """
    file, stem = run / PICTURES / f"round_{folder.number}.png", asker.stems[0]
    if not is_main_process() or file.exists():
        return
    ((index, logits),) = predictions(asker.method, asker.network, asker.dataset, [0], 0)
    picks, size = folder.read_picks(stem), tuple(logits.shape[1:])
    known = folder.read_label(stem, size) if folder.label_file(stem).exists() else folder.known_before(stem, size)
    picture = draw_acquisition(
        cv2.cvtColor(asker.dataset.images.read(index), cv2.COLOR_BGR2RGB),
        asker.picker.score(logits, folder, stem).numpy(),
        as_array(picks),
        known,
        info["palette"],
        radius=picks["radius"],
        names=info["classes"],
    )
    write_image(file, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
