"""What an evaluation leaves behind: everything that a reader of a number may ask for, ready for JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg.apis.evaluating.evaluate import Evaluation
from mmseg.config.identity import digest
from mmseg.engine.checkpoints.checkpoint import environment
from mmseg.engine.provenance.data import labels_hash
from mmseg.engine.provenance.record import provenance
from mmseg.evaluation.trust.measures import reliability, trust_scores, undefined_reason
from mmseg.evaluation.trust.record import ALL
from mmseg.utils.storage.checksums import file_hash


def result_record(
    cfg: Config,
    config: str,
    checkpoint: str | Path,
    evaluation: Evaluation | Mapping[str, Evaluation],
    options: dict,
    *,
    device: str = "cpu",
    origin: Mapping[str, Any] | None = None,
) -> dict:
    """Everything that a reader of a number may ask for, ready for JSON (an absent class is null).

    Args:
        cfg: complete config.
        config: its file.
        checkpoint: file of the weights.
        evaluation: the numbers; by the name of the data set, if several were evaluated.
        options: what was asked for on the command line.
        device: of the network.
        origin: what the checkpoint says of its training, see :func:`mmseg.engine.provenance.record.origin_of`.
    """
    found = numbers(evaluation) if isinstance(evaluation, Evaluation) else numbers_of_targets(evaluation)
    counts = getattr(evaluation, "counts", None)  # of several data sets, each has its own labels
    labels = labels_hash(counts) if counts else None
    return {**found, **origin_record(cfg, config, checkpoint, options, device=device, labels=labels, origin=origin)}


def origin_record(
    cfg: Config,
    config: str,
    checkpoint: str | Path,
    options: dict,
    *,
    device: str = "cpu",
    labels: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> dict:
    """What numbers come from, ready for JSON; arguments as of :func:`result_record` and :func:`provenance`."""
    sha256 = file_hash(checkpoint)
    return {
        "checkpoint": {"path": str(checkpoint), "sha256": sha256},
        "config": {"path": config, "digest": digest(cfg)},
        "options": options,
        "environment": environment(),
        "provenance": provenance(digest(cfg), device, checkpoint=sha256, labels=labels, origin=origin),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def numbers(evaluation: Evaluation) -> dict:
    """An evaluation, ready for JSON; ``encoder``, ``conditions``, ``trust`` and ``eval_absent`` only where there is something to say."""
    record = {
        "metrics": without_nan(evaluation.metrics),
        "confusion": None if evaluation.confusion is None else evaluation.confusion.tolist(),
        "images": evaluation.images,
    }
    if evaluation.work:
        record["encoder"] = dict(evaluation.work)
    if evaluation.conditions:
        record["conditions"] = {name: numbers(part) for name, part in evaluation.conditions.items()}
    if evaluation.trust:
        record["trust"] = trust_numbers(evaluation)
    if evaluation.absent:
        record["eval_absent"] = {"mode": evaluation.eval_absent, "classes": list(evaluation.absent)}
    return record


def trust_numbers(evaluation: Evaluation) -> dict:
    """The measures of reliability of all images and of each condition, and the diagram of all; an undefined measure is null."""
    counts, scores = evaluation.trust[ALL], trust_metrics(evaluation)
    diagram = reliability(counts)
    record = {
        "metrics": without_nan(scores[ALL]),
        "reliability": {
            "pixels": diagram.pixels.tolist(),
            "confidence": [None if math.isnan(value) else value for value in diagram.confidence.tolist()],
            "accuracy": [None if math.isnan(value) else value for value in diagram.accuracy.tolist()],
        },
    }
    conditions = {name: without_nan(own) for name, own in scores.items() if name != ALL}
    note = undefined_reason(counts)
    return record | ({"conditions": conditions} if conditions else {}) | ({"undefined": note} if note else {})


def trust_metrics(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """:func:`~mmseg.evaluation.trust.measures.trust_scores` of all images under :data:`ALL`, and of each condition by its name."""
    parts = {ALL: evaluation, **evaluation.conditions}
    return {name: trust_scores(counts, parts[name].metrics.get("mIoU", math.nan)) for name, counts in evaluation.trust.items()}


def numbers_of_targets(evaluations: Mapping[str, Evaluation]) -> dict:
    """Several evaluations and their mean, ready for JSON."""
    return {
        "targets": {name: numbers(evaluation) for name, evaluation in evaluations.items()},
        "mean": without_nan(mean_metrics([evaluation.metrics for evaluation in evaluations.values() if evaluation.metrics])),
    }


def mean_metrics(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of ``mIoU``, ``mAcc``, ``aAcc`` and every ``mIoU.<subset>`` that all results have; every data set counts the same."""
    shared = [key for key in results[0] if all(key in metrics for metrics in results)] if results else []
    means = [key for key in shared if key in ("mIoU", "mAcc", "aAcc") or key.startswith("mIoU.")]
    return {key: statistics.fmean(metrics[key] for metrics in results) for key in means}


def without_nan(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN."""
    return {name: None if math.isnan(value) else value for name, value in metrics.items()}
