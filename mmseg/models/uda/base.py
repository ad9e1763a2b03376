"""The core of every method: networks, one training step, inference.

Call chain of one iteration (design: a method is a short list of objectives over this step)::

    train_step ─ teacher update ─ for each objective: student pass, loss, backward ─ optimizer step

Letters: B images, K classes, (H, W) crop, (H0, W0) native label size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from torch import Tensor

from mmseg.models.uda.labelers import PseudoLabels, label_target
from mmseg.models.uda.step import Objective, StepContext, StepLogs
from mmseg.models.uda.teacher import ema_decay, ema_update, freeze, teacher_mode
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams, derive_seed


class UDAMethod(BaseModel):
    """A student, optionally its EMA teacher and a frozen ImageNet network, and objectives.

    Args:
        segmentor: config of the network; kept under ``model`` (teacher: ``ema_model``, ImageNet: ``imnet_model``).
        seed: seed of all draws in the step.
        with_teacher: whether to keep an EMA teacher.
        with_imnet: whether to keep a frozen copy of the initial network for the feature distance.
        alpha: largest share of the old teacher in an update.
        pseudo_threshold: confidence from which a pseudo-label counts as sure.
        pseudo_weight_ignore_top, pseudo_weight_ignore_bottom: rows of a target crop without weight.
        data_preprocessor: config of the normalisation.
    """

    def __init__(
        self,
        *,
        segmentor: dict,
        seed: int = 0,
        with_teacher: bool = False,
        with_imnet: bool = False,
        alpha: float = 0.999,
        pseudo_threshold: float = 0.968,
        pseudo_weight_ignore_top: int = 0,
        pseudo_weight_ignore_bottom: int = 0,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=MODELS.build(data_preprocessor or {"type": "SegDataPreprocessor"}))
        self.model = MODELS.build(segmentor)
        self.ema_model = freeze(MODELS.build(segmentor)) if with_teacher else None
        self.imnet_model = freeze(MODELS.build(segmentor)) if with_imnet else None
        self.objectives: Sequence[Objective] = ()
        self.seed, self.alpha, self.pseudo_threshold = seed, alpha, pseudo_threshold
        self.ignored_rows = (pseudo_weight_ignore_top, pseudo_weight_ignore_bottom)

    def init_weights(self) -> None:
        """Initialises the student; teacher and ImageNet network start as its copies.

        The initial weights depend on the seed alone, not on which other networks a method keeps.
        """
        torch.manual_seed(derive_seed(self.seed, "initial weights"))
        self.model.init_weights()
        for network in filter(None, (self.ema_model, self.imnet_model)):
            network.load_state_dict(self.model.state_dict())

    def train(self, mode: bool = True) -> UDAMethod:
        """Train mode: the teacher without dropout, the ImageNet network in eval mode."""
        super().train(mode)
        if mode and self.ema_model is not None:
            teacher_mode(self.ema_model)
        if self.imnet_model is not None:
            self.imnet_model.eval()
        return self

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> StepLogs:
        """One iteration.

        Args:
            data: a collated loader sample with the entry 'iteration' (from 0).
            optim_wrapper: of the student.
        """
        step = self.context(self.data_preprocessor.batch(data), data["iteration"])
        self.update_teacher(step.iteration)

        optim_wrapper.zero_grad()
        for objective in self.objectives:
            if step.iteration >= objective.start:
                optim_wrapper.backward(objective(step))
        optim_wrapper.step()
        return step.logs

    def context(self, batch: UDABatch, iteration: int) -> StepContext:
        """The shared values of one step."""
        return StepContext(batch, iteration, Streams(self.seed, iteration), self.model, self.imnet_model, self.label_target)

    def update_teacher(self, iteration: int) -> None:
        """Moves the teacher towards the student, at the start of the iteration."""
        if self.ema_model is not None:
            ema_update(self.ema_model, getattr(self.model, "module", self.model), ema_decay(iteration, self.alpha))

    @torch.no_grad()
    def label_target(self, batch: UDABatch) -> PseudoLabels:
        """The teacher's pseudo-labels of the target crops."""
        top, bottom = self.ignored_rows
        if batch.target_valid is not None and (top or bottom):
            raise UserError(
                "pseudo_weight_ignore_top/bottom and crop_pseudo_margins ignore the same margins twice. Set one of the two to 0 or None."
            )
        logits = self.ema_model.encode_decode(batch.target_image)
        return label_target(logits, batch.target_valid, threshold=self.pseudo_threshold, ignore_top=top, ignore_bottom=bottom)

    def forward(self, inputs: Tensor, data_samples: None = None, mode: str = "tensor") -> Tensor:
        """Logits [B, K, H, W] of normalised images [B, 3, H, W] from the student's inference."""
        return self.model.inference(inputs)

    @torch.no_grad()
    def test_step(self, data: dict, **inference_options) -> list[dict]:
        """Predicts a collated validation sample at native resolution.

        Returns:
            one dictionary per image: 'prediction' uint8 [H0, W0], 'path', and 'label' where there is one.
        """
        logits = self.model.inference(self.data_preprocessor.image(data["image"]), **inference_options)
        samples = []
        for index, path in enumerate(data["path"]):
            native = F.interpolate(logits[index : index + 1], data["native_size"][index].tolist(), mode="bilinear", align_corners=False)
            sample = {"path": path, "prediction": native.argmax(dim=1)[0].to(torch.uint8)}
            if "label" in data:
                sample["label"] = data["label"][index]
            samples.append(sample)
        return samples

    val_step = test_step
