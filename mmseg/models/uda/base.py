"""The core of every method: networks, one training step, inference.

Call chain of one iteration (design: a method is a short list of objectives over this step)::

    train_step ─ teacher update ─ for each part of the batch and each objective: student pass, loss, backward ─ optimizer step

Letters: B images, K classes, (H, W) crop, (H0, W0) native label size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmseg.datasets.collate import part_of_batch
from mmseg.models.data_preprocessor import preprocessor_options
from mmseg.models.uda.depth_distribution.maps import Units, inverse_depth
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import Objective, StepContext, StepLogs
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.computing.precision import Precision
from mmseg.utils.errors import naming
from mmseg.utils.randomness import Streams, derive_seed


@dataclass(frozen=True)
class OwnOptimizer:
    """An optimizer that a method needs beside the one of the config; owned and saved by the runner.

    Attributes:
        part: what it trains.
        optimizer: config of the torch optimizer.
        schedule: config of the learning rate's schedule, over all iterations.
        alone: whether the optimizer of the config leaves the part to this one; the published AdvSeg trains it with both.
    """

    part: nn.Module
    optimizer: dict
    schedule: dict
    alone: bool = False


class UDAMethod(BaseModel):
    """A student and objectives.

    A subclass may add networks: EMA teachers, a frozen ImageNet network for the feature distance, a
    discriminator of domains, and an encoder to imitate. It keeps them under ``ema_model``, ``imnet_model``, ``model_D`` and
    ``feature_reference``.

    Args:
        segmentor: config of the network; kept under ``model``.
        seed: seed of all draws in the step.
        data_preprocessor: config of the normalisation; statistics that it does not name are those of the encoder's weights.
    """

    objectives: Mapping[str, Objective] = MappingProxyType({})
    """By name, in their order; a subclass has its own."""
    rectified = False
    """Whether what it trains is calibrated for the target's classes already, so that a correction of priors would be a second one."""
    blind = True
    """Whether it can be built around a network that says nothing, to draw what its objectives make of their crops."""
    depth_units: Units | None = None
    """Units of the depth that the network is trained to predict; None where it learns none."""
    networks_from: Mapping[str, str] = MappingProxyType({})
    """Networks that start as the student of another training, by their names: paths of its checkpoints, which the runner reads."""

    def __init__(self, *, segmentor: dict, seed: int = 0, data_preprocessor: dict | None = None) -> None:
        model = MODELS.build(segmentor)
        encoder = getattr(model, "backbone", None)
        facts, file = getattr(encoder, "facts", None), getattr(encoder, "pretrained", None)
        super().__init__(data_preprocessor=MODELS.build(preprocessor_options(data_preprocessor, facts, starts_from=file)))
        self.model = model
        self.ema_model = self.imnet_model = self.model_D = self.feature_reference = None
        self.teachers: Sequence[Teacher] = ()  # that of ema_model, where there is one, is the first
        self.exchange: Callable[..., Tensor] | None = None  # in a training of several processes: mmseg.engine.gradient_exchange
        self.seed = seed
        self.temperature = 1.0  # of its confidence, see mmseg.apis.predicting.temperature
        self.register_buffer("class_bias", None, persistent=False)  # added to the logits of each class [K] when it predicts
        # Of the training; `build_model` sets those of the config.
        self.precision = Precision()
        self.micro_batches = 1

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """Optimizers beside the one of the config, by name; each steps after it."""
        return {}

    def init_weights(self) -> None:
        """Initialises the student; teachers and ImageNet network start as its copies, other networks from seeds of their own.

        The initial weights depend on the seed alone, not on which other networks a method keeps.
        """
        if self.feature_reference is not None:  # first: what it shares with the student starts as the student does
            torch.manual_seed(derive_seed(self.seed, "initial feature reference"))
            self.feature_reference.init_weights()
        torch.manual_seed(derive_seed(self.seed, "initial weights"))
        self.model.init_weights()
        state = self.model.state_dict()
        for network in (*(teacher.network for teacher in self.teachers), self.imnet_model):
            if network is not None:
                network.load_state_dict({key: state[key] for key in network.state_dict()})  # it may have no decoder
        if self.model_D is not None:
            torch.manual_seed(derive_seed(self.seed, "initial discriminator"))
            self.model_D.init_weights()

    def train(self, mode: bool = True) -> UDAMethod:
        """Train mode: the teachers in their own, the ImageNet network in eval mode."""
        super().train(mode)
        for teacher in self.teachers if mode else ():
            teacher.train()
        if self.imnet_model is not None:
            self.imnet_model.eval()
        return self

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> StepLogs:
        """One iteration.

        Args:
            data: a collated loader sample with the entry 'iteration' (from 0).
            optim_wrapper: of the student, and of what else is trained.
        """
        with self.precision.kernels():
            for teacher in self.teachers:
                teacher.update(self.model, data["iteration"])

            optim_wrapper.zero_grad()
            objectives = [objective for objective in self.objectives.values() if data["iteration"] >= objective.start]
            logs = []
            for number in range(self.micro_batches):
                step = self.context(self.data_preprocessor.batch(self.part(data, number)), data["iteration"], number)
                for objective in objectives:
                    last = number == self.micro_batches - 1 and objective is objectives[-1]
                    optim_wrapper.backward(self.objective_loss(objective, step, last=last))
                logs.append(step.logs)
            optim_wrapper.step()
            return StepLogs.of_parts(logs)

    def part(self, data: dict, number: int) -> dict:
        """The samples of a part of a batch, the batch itself where it is not divided."""
        return data if self.micro_batches == 1 else part_of_batch(data, number, self.micro_batches)

    def objective_loss(self, objective: Objective, step: StepContext, *, last: bool) -> Tensor:
        """The scalar loss of an objective, divided by the number of parts of the batch.

        With several processes, the last backward pass of a step averages the gradients.
        """
        with self.precision.autocast(step.batch.source_image.device.type):
            loss = objective(step) if self.exchange is None else self.exchange(objective, step, last=last)
        return loss if self.micro_batches == 1 else loss / self.micro_batches

    def context(self, batch: UDABatch, iteration: int, number: int = 0) -> StepContext:
        """The shared values of a step, or of a part of it, which draws what a further process of the training would draw."""
        networks = {"student": self.model, "imnet": self.imnet_model, "discriminator": self.model_D}
        streams = Streams(self.seed, iteration, get_rank() + number * get_world_size())
        return StepContext(batch=batch, iteration=iteration, streams=streams, **networks)

    def forward(self, inputs: Tensor, data_samples: None = None, mode: str = "tensor") -> Tensor:
        """Logits [B, K, H, W] of normalised images [B, 3, H, W] from the student's inference."""
        return self.model.inference(inputs)

    def looks(self, images: Tensor, *, flip: bool | None = None, **inference_options) -> list[Tensor]:
        """What the student says about images, and about their mirror images where ``test_cfg.flip`` asks for them.

        Args:
            images: uint8 [B, 3, h, w].
            flip: whether to look at the mirror images; None as ``test_cfg`` says.
            inference_options: of the segmentor's ``inference``.

        Returns:
            corrected logits [B, K, h, w] of the images; those of the mirror images, which stay mirrored, come second.
        """
        image = self.data_preprocessor.image(images)
        mirrored = [image.flip(3)] if (self.model.test_cfg.get("flip", False) if flip is None else flip) else []
        return [self.correct(self.model.inference(look, **inference_options)) for look in (image, *mirrored)]

    def native_scores(self, looks: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """What ranks the classes of one image at its native size: [1, K, h, w] per look of :meth:`looks` -> float32 [K, H0, W0].

        Logits where there is one look: their largest is the prediction, and no softmax is spent. Of two looks the mean of their
        probabilities, each taken at native size.
        """
        native = [self.model.enlarge(look, tuple(size))[0] for look in looks]
        return native[0] if len(native) == 1 else mean_probabilities(native)

    def native_probabilities(self, looks: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Class probabilities of one image at its native size; see :meth:`native_scores`."""
        scores = self.native_scores(looks, size)
        return scores.softmax(dim=0) if len(looks) == 1 else scores

    def native_depth(self, images: Tensor, size: Sequence[int]) -> Tensor:
        """The inverse depth z that the student predicts for one image uint8 [1, 3, h, w] at its native size: float32 [H0, W0]."""
        predicted = self.model.inference_depth(self.data_preprocessor.image(images))
        return inverse_depth(self.model.enlarge(predicted, tuple(size))[0, 0], self.depth_units)

    @torch.no_grad()
    def test_step(self, data: dict, *, confidence: bool = False, **inference_options) -> list[dict]:
        """Predicts a collated validation sample at native resolution.

        Args:
            data: 'image' uint8 [B, 3, h, w], or a list of [3, h, w] where sizes differ, which are looked at one by one;
                'path', 'native_size' and what else the loader knows of each image.
            confidence: whether to say how sure the prediction of each pixel is.
            inference_options: of the segmentor's ``inference``.

        Returns:
            one dictionary per image: 'prediction' uint8 [H0, W0], 'path', and what else of the sample the metric may need:
            'label', 'condition', 'objects' and 'depth', where there is one; 'predicted_depth' float32 [H0, W0], inverse depth, beside the
            true one where the network was trained to predict it; with ``confidence``, 'confidence' float32 [H0, W0], the probability of the
            predicted class.

        Raises:
            BadFileError: an image is too small for the network.
            NotFiniteError: the network gives NaN for an image.
        """
        images, samples = data["image"], []
        parts = [images] if isinstance(images, Tensor) else [image[None] for image in images]
        for index, (path, looks) in enumerate(zip(data["path"], self._looks(parts, data["path"], inference_options), strict=True)):
            size = data["native_size"][index].tolist()
            scores = self.native_scores(looks, size)
            sample = {"path": path, "prediction": scores.argmax(dim=0).to(torch.uint8)}
            if confidence:
                sample["confidence"] = top_probability(scores, are_logits=len(looks) == 1, temperature=self.temperature)
            if "depth" in data and self.depth_units is not None:
                predicted = self.native_depth(images[index][None], size)
                sample |= {"predicted_depth": predicted, "depth": data["depth"][index].to(predicted.device)}
            samples.append(sample | {key: data[key][index] for key in ("label", "condition", "objects") if key in data})
        return samples

    val_step = test_step

    def correct(self, logits: Tensor) -> Tensor:
        """Logits [B, K, ., .] of the student as it predicts them: with the bias of each class, where there is one."""
        return logits if self.class_bias is None else logits + self.class_bias[:, None, None]

    def _looks(self, parts: Sequence[Tensor], paths: Sequence[str], options: dict) -> Iterator[list[Tensor]]:
        """Logits [1, K, h, w] of every image of several batches, one per look at it."""
        seen = 0
        for images in parts:
            with naming(paths[seen]):  # all images of a batch have one size
                looks = self.looks(images, **options)
            for path, *single in zip(paths[seen:], *(look.split(1) for look in looks), strict=False):
                with naming(path):
                    for logits in single:
                        check_finite(logits)
                yield single
            seen += len(images)


def top_probability(scores: Tensor, *, are_logits: bool, temperature: float = 1.0) -> Tensor:
    """The probability of the likeliest class: logits, or probabilities, [K, H, W] -> float32 [H, W] in [0, 1].

    A temperature T divides logits, or logarithms of probabilities.
    """
    if temperature != 1:
        scores = (scores if are_logits else scores.clamp(min=torch.finfo(scores.dtype).tiny).log()) / temperature
    best = scores.max(dim=0).values
    return ((best - scores.logsumexp(dim=0)).exp() if are_logits or temperature != 1 else best).float()


def mean_probabilities(native: Sequence[Tensor]) -> Tensor:
    """The mean over an image and its mirror image, which is turned back: two logits [K, H, W] -> probabilities [K, H, W]."""
    straight, mirrored = native
    return straight.softmax(dim=0).add_(mirrored.flip(2).softmax(dim=0)).div_(2)
