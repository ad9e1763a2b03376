"""Continual adaptation: conditions one after the other, again and again, and what is left of what the network knew before.

Source: the protocol of CoTTA (Wang et al., CVPR 2022, section 4.2 on ACDC).

Letters: (H, W) native size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils.data import DataLoader

from mmseg.apis.adapting.conditions import Condition
from mmseg.apis.evaluating.evaluate import check_classes, evaluate
from mmseg.datasets.collate import collate_samples
from mmseg.evaluation import IoUMetric
from mmseg.models.test_time import OnlineAdaptation
from mmseg.registry import METRICS
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import naming_file

Write = Callable[[int, Condition, int, np.ndarray], None]
"""Takes the round from 1, the condition, the number of the image in it, and the prediction, uint8 [H, W]."""


@dataclass(frozen=True)
class Forgetting:
    """What a network knew before and knows after a stream.

    Attributes:
        name: of the data.
        before, after: percent by name, see :class:`mmseg.evaluation.IoUMetric`.
    """

    name: str
    before: Mapping[str, float]
    after: Mapping[str, float]


@dataclass
class Outcome:
    """What a stream has shown.

    Attributes:
        rounds: for each round, percent by name, by the name of the condition; None of a condition without labels.
        images: predicted so far, in all rounds.
        seconds: that prediction and adaptation took, without reading.
        forgetting: None where it was not asked for.
    """

    rounds: list[dict[str, Mapping[str, float] | None]] = field(default_factory=list)
    images: int = 0
    seconds: float = 0.0
    forgetting: Forgetting | None = None


def follow_stream(method: OnlineAdaptation, data: Sequence[dict], start: int = 0) -> Iterator[tuple[dict, float]]:
    """Predicts every image, then adapts to it.

    Args:
        method: that moves the network.
        data: samples of evaluations, such as a data set.
        start: number of the first image, see :meth:`OnlineAdaptation.adapt`.

    Yields:
        for each image, what :meth:`UDAMethod.test_step` says of it, and the seconds of prediction and adaptation.

    Raises:
        UserError: an image cannot be read, predicted or adapted to; names it.
    """
    network = method.network
    for number in range(len(data)):
        batch = collate_samples([data[number]])
        _wait(network.data_preprocessor.device)
        begun = time.perf_counter()
        (sample,) = network.test_step(batch)
        with naming_file(sample["path"]):
            method.adapt(network.data_preprocessor.image(batch["image"]), start + number)
        _wait(network.data_preprocessor.device)
        yield sample, time.perf_counter() - begun


def _wait(device: torch.device | str) -> None:
    """Until a GPU has done what it was told."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


class Part(Sequence):
    """The samples of a condition."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition

    def __len__(self) -> int:
        return len(self.condition.indices)

    def __getitem__(self, number: int) -> dict:
        return self.condition.data[self.condition.indices[number]]


def run_protocol(
    method: OnlineAdaptation,
    conditions: Sequence[Condition],
    metric: dict,
    *,
    rounds: int = 1,
    reset: bool = False,
    known: tuple[str, DataLoader] | None = None,
    write: Write | None = None,
) -> Outcome:
    """Leads a network through the conditions.

    Args:
        method: of :func:`mmseg.models.test_time.build_online`; the network is left as the stream has made it.
        conditions: in their order.
        metric: config of :class:`mmseg.evaluation.IoUMetric`.
        rounds: how often all of them come.
        reset: whether the network is the source's again before each condition.
        known: name and loader of labelled data that are evaluated before and after; None for none.
        write: called with every prediction.

    Raises:
        UserError: the network and the data have other classes, or an image cannot be used.
    """
    for condition in conditions:
        _metric(method, condition, metric)  # wrong classes are said before the first image
    before = _evaluated(method, known, metric)
    outcome = Outcome()
    for number in range(1, rounds + 1):
        scores = {}
        for condition in conditions:
            start = outcome.images
            if reset:  # and what is drawn does not tell which condition it is
                method.reset()
                start = 0
            scores[condition.name] = _through(method, condition, metric, number, start, outcome, write)
        outcome.rounds.append(scores)
    if known:
        outcome.forgetting = Forgetting(known[0], before, _evaluated(method, known, metric))
    return outcome


def _metric(method: OnlineAdaptation, condition: Condition, metric: dict) -> IoUMetric | None:
    """What counts a condition; None where it has no labels."""
    if not condition.data.labelled:
        return None
    scores = METRICS.build(metric)
    scores.dataset_meta = condition.data.metainfo
    check_classes(method.model.num_classes, method.network.classes, scores.classes)
    return scores


def _through(
    method: OnlineAdaptation, condition: Condition, metric: dict, number: int, start: int, outcome: Outcome, write: Write | None
) -> Mapping[str, float] | None:
    """One condition in round ``number``, from image ``start`` of the stream on; its numbers."""
    scores, part = _metric(method, condition, metric), Part(condition)
    stream = zip(progress(range(len(part)), f"Round {number}, {condition.name}"), follow_stream(method, part, start), strict=True)
    for index, (sample, seconds) in stream:
        outcome.seconds += seconds
        if scores is not None:
            scores.process(None, [sample])
        if write is not None:
            write(number, condition, index, sample["prediction"].cpu().numpy())
    outcome.images += len(part)
    return None if scores is None else scores.compute_metrics(scores.results)


def _evaluated(method: OnlineAdaptation, known: tuple[str, DataLoader] | None, metric: dict) -> Mapping[str, float]:
    return evaluate(method.network, known[1], metric).metrics if known else {}
