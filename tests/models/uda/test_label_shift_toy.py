"""Does the correction help? Three classes of points whose shares differ between the domains, and a linear classifier."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.datasets.statistics.class_priors import log_ratio
from mmseg.evaluation.scores import confusion_matrix, iou_from_confusion

SOURCE, TARGET = (0.8, 0.15, 0.05), (0.1, 0.3, 0.6)
POINTS = 3000


def draw(generator: torch.Generator, means: Tensor, shares: tuple) -> tuple[Tensor, Tensor]:
    labels = torch.multinomial(torch.tensor(shares), POINTS, replacement=True, generator=generator)
    return means[labels] + torch.randn(POINTS, means.shape[1], generator=generator), labels


def trained(points: Tensor, labels: Tensor, shift: Tensor | float = 0.0) -> torch.nn.Linear:
    classifier = torch.nn.Linear(points.shape[1], len(SOURCE))
    torch.nn.init.zeros_(classifier.weight)
    torch.nn.init.zeros_(classifier.bias)
    optimizer = torch.optim.Adam(classifier.parameters(), 5e-2)
    for _ in range(400):
        optimizer.zero_grad()
        F.cross_entropy(classifier(points) + shift, labels).backward()
        optimizer.step()
    return classifier


def miou(logits: Tensor, labels: Tensor) -> float:
    confusion = confusion_matrix(logits.argmax(1)[None], labels[None], len(SOURCE)).numpy()
    return 100 * float(np.nanmean(iou_from_confusion(confusion)["IoU"]))


@pytest.fixture(scope="module", params=[0, 1])
def scores(request) -> dict[str, float]:
    generator = torch.Generator().manual_seed(request.param)
    means = 1.2 * torch.randn(3, 4, generator=generator)
    points, labels = draw(generator, means, SOURCE)
    other_points, other_labels = draw(generator, means, TARGET)
    shift = torch.from_numpy(log_ratio(SOURCE, TARGET)).float()
    plain, rectified = trained(points, labels), trained(points, labels, -shift)
    with torch.no_grad():
        logits, trained_logits = plain(other_points), rectified(other_points)
        found = {"none": logits, "IA": logits + shift, "CR": trained_logits, "swapped": logits - shift, "IA on CR": trained_logits + shift}
        return {name: miou(value, other_labels) for name, value in found.items()}


def test_the_correction_helps_and_only_once(scores):
    assert scores["IA"] > scores["none"] + 5
    assert abs(scores["CR"] - scores["IA"]) < 3
    assert scores["swapped"] < scores["none"] < scores["IA"]
    assert scores["IA on CR"] < scores["IA"]
