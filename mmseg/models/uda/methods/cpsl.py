"""Class-balanced self-labelling of pixels (CPSL, Li et al., CVPR 2022): its first stage, and the distillations that follow.

The released code differs from the paper in both ideas of the title; ``docs/cpsl.md`` says where, and which option is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from mmengine.logging import print_log

from mmseg.models.uda.objectives.prototypes import Contrast
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.models.uda.self_labelling.labeller import SelfLabeller
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank
from mmseg.models.uda.self_labelling.teacher import PrototypeTeacher
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Pair, Positive, Share
from mmseg.utils.products.prototype_file import Prototypes, read_prototypes


@MODELS.register_module()
class CPSL(Preset):
    """Stage 1: soft pseudo-labels, rectified by prototypes that learn their own class-balanced assignment.

    The defaults are those of the released code, whose results are published.

    Args:
        segmentor: config of the network; its decoder has a map before the classifier.
        prototypes: file of ``tools/prepare/prototypes.py``.
        alpha: share of the old moving average in an update, of the network and of the prototypes.
        temperature: of the probabilities of the prototypes.
        epsilon, iterations: of :func:`balanced_assignment`.
        samples: pixels of an image that label themselves.
        memory: samples that are remembered and, once there are so many, take part in the assignment.
        sampling: 'uniform', as the released code: all images at the same random pixels; 'class', as the paper: of every image and class in
            proportion to its pixels.
        marginal: shares that the assignment gives the classes: 'static', those of the predictions that the prototypes were made of (the
            released code); 'moving', which begins there and follows the pseudo-labels (the paper); 'uniform', the same for all.
        marginal_momentum: share of the old marginal in a step, with 'moving'.
        lambda_self_labelling, lambda_consistency, lambda_contrast: weights of the terms beside the rectified pseudo-labels; 0 leaves a
            term out. Without self-labelling nothing is remembered, and there is no contrast either.
        contrast: whose labels the pixels of the contrastive term have: their own ('aligned'), or as 'published', where they belong to other
            pixels.
        replay: how the prototypes' view of the target is bent like its strong view: as 'published', where horizontal translations are
            too large, or 'exact'.
        symmetric: weights of the cross entropy and of the reverse one; (1, 0) is the plain one.
        cutmix_probability: share of the batches into whose target a box of the source is pasted.
        pseudo_threshold: rectified labels below are ignored.
        shared: see :class:`Preset`.
    """

    blind = False

    def __init__(
        self,
        *,
        segmentor: dict,
        prototypes: str,
        alpha: Share = 0.999,
        temperature: Positive[float] = 0.08,
        epsilon: Positive[float] = 0.05,
        iterations: Positive[int] = 3,
        samples: Positive[int] = 256,
        memory: Positive[int] = 65536,
        sampling: Literal["uniform", "class"] = "uniform",
        marginal: Literal["static", "moving", "uniform"] = "static",
        marginal_momentum: Share = 0.999,
        lambda_self_labelling: NonNegative[float] = 0.1,
        lambda_consistency: NonNegative[float] = 5.0,
        lambda_contrast: NonNegative[float] = 0.001,
        contrast: Literal["published", "aligned"] = "published",
        replay: Literal["published", "exact"] = "published",
        symmetric: Pair[NonNegative[float]] = (0.1, 1.0),
        cutmix_probability: Share = 0.5,
        pseudo_threshold: Share = 0.0,
        **shared,
    ) -> None:
        if shared.get("teacher") is not None or shared.get("labeling") is not None:
            raise UserError("CPSL labels with a teacher of its own. Leave uda.teacher and uda.labeling out.")
        super().__init__(segmentor=segmentor, alpha=alpha, **shared)
        known = known_prototypes(self, prototypes)
        self.prototypes = PrototypeBank(num_classes=self.model.num_classes, channels=known.vectors.shape[1])
        self.prototypes.start(known.vectors)
        contrasts = lambda_contrast > 0 and lambda_self_labelling > 0
        aligned = contrast == "aligned" and contrasts
        self.self_labelling = SelfLabeller(
            channels=known.vectors.shape[1],
            marginal=first_marginal(known, prototypes, marginal),
            temperature=temperature,
            epsilon=epsilon,
            iterations=iterations,
            samples=samples,
            memory=memory,
            sampling=sampling,
            momentum=marginal_momentum if marginal == "moving" else None,
            raster_labels=not aligned,
        )
        self.ema_model = MODELS.build(segmentor)
        teacher = PrototypeTeacher(
            network=self.ema_model,
            alpha=alpha,
            prototypes=self.prototypes,
            temperature=temperature,
            threshold=pseudo_threshold,
            labeller=self.self_labelling,
            whole=sampling == "uniform" and not aligned,
        )
        self.teachers = (teacher, *self.teachers)
        self.parts["teacher"] = teacher
        contrasted = Contrast(self.self_labelling, aligned, lambda_contrast) if contrasts else None
        rectified = {"symmetric": tuple(symmetric), "cutmix_probability": cutmix_probability, "contrast": contrasted}
        judged = {"prototypes": self.prototypes, "temperature": temperature}
        terms = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "self_labelling": {"type": "SelfLabelling", "weight": lambda_self_labelling},
            "target": {"type": "PrototypeSupervision", **rectified},
            "consistency": {"type": "PrototypeConsistency", "weight": lambda_consistency, "replay": replay, **judged},
        }
        left_out = {"self_labelling": lambda_self_labelling, "consistency": lambda_consistency}
        self.preset = {**{name: term for name, term in terms.items() if left_out.get(name) != 0}, **self.preset}


def known_prototypes(method: Preset, path: str) -> Prototypes:
    """The prototypes of a file that fits the network of a method.

    Raises:
        UserError: they are of other classes or channels, or its decoder has no map before the classifier.
    """
    channels = method.model.embedding_channels
    if channels is None:
        text = f"The decoder {type(method.model.decode_head).__name__} has no map before its classifier, which prototypes are compared with"
        raise UserError(f"{text}. Use SEASPPHead, or another decoder with one.")
    return read_prototypes(path, num_classes=method.model.num_classes, channels=channels)


def first_marginal(known: Prototypes, path: str, kind: str) -> torch.Tensor:
    """Shares of the classes [K] of the first assignment; says which classes it leaves out."""
    count = len(known.vectors)
    if kind == "uniform":
        return torch.full((count,), 1 / count)
    absent = (known.pixels == 0).nonzero().flatten().tolist()
    if absent:
        print_log(f"{path}: no pixel is predicted as class {absent}, so that no assignment gives them one", logger="current")
    return known.distribution.float()


@MODELS.register_module()
class CPSLDistillation(Preset):
    """Stages 2 and 3: hard pseudo-labels of the stage before, and its network as a teacher that does not move.

    Args:
        segmentor: config of the network.
        distilled_from: checkpoint of the stage before; its student teaches.
        distilled_model: config of that network; None for one like the student.
        distillation: 'published', which passes probabilities where a divergence has log-probabilities, or 'kl', the divergence.
        lambda_distillation: weight of it; 0 leaves it out.
        replay: how pseudo-labels are bent like the strong view, see :class:`CPSL`.
        symmetric: weights of the cross entropy and of the reverse one on the pseudo-labels.
        shared: see :class:`Preset`.
    """

    blind = False

    def __init__(
        self,
        *,
        segmentor: dict,
        distilled_from: str,
        distilled_model: Mapping | None = None,
        distillation: Literal["published", "kl"] = "published",
        lambda_distillation: NonNegative[float] = 1.0,
        replay: Literal["published", "exact"] = "published",
        symmetric: Pair[NonNegative[float]] = (1.0, 0.0),
        **shared,
    ) -> None:
        super().__init__(segmentor=segmentor, **shared)
        self.distilled = freeze(MODELS.build(dict(distilled_model or segmentor)))
        if self.distilled.num_classes != self.model.num_classes:
            text = f"uda.distilled_model has {self.distilled.num_classes} classes, and the model {self.model.num_classes}"
            raise UserError(f"{text}. Give both the same num_classes.")
        self.networks_from = {"distilled": distilled_from}
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "target": {
                "type": "DistilledSupervision",
                "distilled": self.distilled,
                "distillation": distillation,
                "weight": lambda_distillation,
                "replay": replay,
                "symmetric": tuple(symmetric),
            },
            **self.preset,
        }

    def train(self, mode: bool = True) -> CPSLDistillation:
        """Train mode; the teacher stays in evaluation mode."""
        super().train(mode)
        self.distilled.eval()
        return self
