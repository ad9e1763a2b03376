"""A segmentation network: encoder, optional neck, decoder.

Letters: B images, C channels, K classes, (H, W) full crop, (P, Q) decoder's map, N windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.segmentors.inference_options import InferenceOptions, checked_test_cfg, refuse_options
from mmseg.models.segmentors.window_averages import Average, averaged
from mmseg.registry import MODELS
from mmseg.structures import (
    Box,
    Geometry,
    SegOutput,
    View,
    average_windows,
    chunked,
    crop_windows,
    full_box,
    sliding_boxes,
    windows_per_pass,
)
from mmseg.utils.errors import UserError

PIXELS_PER_PASS = 2**21
"""Pixels that go through an encoder at once where no gradients are needed: eight windows of 512x512, or two of 1024x1024."""

CPU_PIXELS_PER_PASS = 2**18
"""The same on a CPU, where the maps of smaller passes stay in the cache (1.3 times faster for 24 windows of 128x128 of 4 images)."""


@MODELS.register_module()
class EncoderDecoder(BaseModule):
    """One look at the image at one resolution.

    ``forward -> SegOutput`` (training pass) and ``loss(output, label)`` (a pure function of it);
    ``inference -> encode_decode -> segment`` at test time.

    Args:
        backbone, decode_head, neck: the encoder, the decoder, and what comes between them: dictionaries with ``type``.
        pretrained: file of starting weights of the backbone; read by ``init_weights()``.
        test_cfg: ``mode`` 'whole', or 'slide' with ``crop_size`` (h, w), ``stride`` and ``batched_slide``
            (as many windows in one pass as ``pixels_per_pass`` allows; else one by one). The default of
            ``pixels_per_pass`` is :data:`PIXELS_PER_PASS`, or :data:`CPU_PIXELS_PER_PASS`. With ``enlarge_once``, the logits of a
            whole image go from the decoder's map straight to the native size, as FADA evaluates, not by way of the image's size.
            ``average`` is what windows are averaged as: 'logits' (default, as HRDA), or 'probabilities' (as VFM-UDA).
            ``flip`` looks at the mirror image as well; :meth:`mmseg.models.uda.UDAMethod.looks` sees to that, not :meth:`inference`.
        auxiliary_head: a second decoder, e.g. an ``FCNHead`` on an earlier level, that only helps the training:
            its loss is added with its own ``loss_decode.loss_weight``.
        depth_head: predicts depth and density of the crops of a training, ``dict(type='DepthDensityHead', in_channels=2048)``.
        train_cfg: must be empty; kept because published configs have it.
        init_cfg: must be None; kept for the same reason.
    """

    branches: tuple[str, ...] = ("fused",)
    """Outputs that inference can give."""
    unit: int = 1
    """Pixels that both sides of a crop of a training are whole multiples of."""

    def __init__(
        self,
        *,
        backbone: dict,
        decode_head: dict,
        neck: dict | None = None,
        auxiliary_head: dict | None = None,
        depth_head: dict | None = None,
        pretrained: str | None = None,
        test_cfg: InferenceOptions | None = None,
        train_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        refuse_options(type(self).__name__, train_cfg=train_cfg, init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone if pretrained is None else {**backbone, "pretrained": pretrained})
        if neck is not None:
            self.neck = MODELS.build(neck)
        self.decode_head = MODELS.build(decode_head)
        self.auxiliary_head = None if auxiliary_head is None else MODELS.build(auxiliary_head)
        self.depth_head = None if depth_head is None else MODELS.build(depth_head)
        self.num_classes = self.decode_head.num_classes
        self.test_cfg = checked_test_cfg(test_cfg or {"mode": "whole"})
        self.shares_passes = not any(_has_batch_statistics(getattr(self, part, None)) for part in ("backbone", "neck"))
        self.hallucinates = getattr(self.backbone, "style_hallucination", None) is not None

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator; the backbone may read a file instead.

        mmengine's own version would also log one entry per parameter, 1126 of them for HRDA.
        """
        for part in self.children():
            part.init_weights()
        self._is_init = True

    @property
    def align_corners(self) -> bool:
        """Corner convention of the decoder."""
        return self.decode_head.align_corners

    @property
    def feature_channels(self) -> int:
        """Channels of the last level that the decoder takes."""
        return self.decode_head.in_channels[-1]

    @property
    def embedding_channels(self) -> int | None:
        """Channels of ``SegOutput.embedding``; None where the decoder has no such map."""
        return self.decode_head.embedding_channels

    def without_decoders(self) -> EncoderDecoder:
        """Itself, with encoder and neck alone: from now on it can extract features and nothing else."""
        del self.decode_head
        self.auxiliary_head = self.depth_head = None
        return self

    def extract_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """[B, 3, H, W] -> encoder levels [B, C, ., .], finest first, after the neck."""
        features = self.backbone(image)
        return self.neck(features) if hasattr(self, "neck") else features

    def extract_together(self, images: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """The levels of several batches of images, as :meth:`extract_features` gives them for each batch.

        Batches of one size share a pass of the encoder, unless it computes statistics over a batch (BatchNorm) or adds
        stylised copies of the whole batch, which it draws for each pass. An
        image gets the same levels then; Dropout and DropPath, where active, draw for both batches at once, so in
        another order than in a pass each. Without gradients, a pass has at most :attr:`pixels_per_pass`.

        Args:
            images: several [B, 3, H, W], normalised; in the order in which BatchNorm is to see them.
        """
        if not self.shares_passes or (self.hallucinates and self.training):
            return [self.extract_features(image) for image in images]
        if len({image.shape[2:] for image in images}) > 1:
            return [self._extract_in_passes(image) for image in images]
        levels = self._extract_in_passes(torch.cat(list(images)))
        return list(zip(*(level.split([len(image) for image in images]) for level in levels), strict=True))

    def _extract_in_passes(self, image: Tensor) -> tuple[Tensor, ...]:
        """Levels of [B, 3, H, W]; training holds the graph of all passes anyhow, so that there one is enough."""
        size = len(image) if torch.is_grad_enabled() else windows_per_pass(1, image.shape[2:], self.pixels_per_pass)
        passes = [self.extract_features(part) for part in image.split(size)]
        return passes[0] if len(passes) == 1 else tuple(torch.cat(level) for level in zip(*passes, strict=True))

    def feature_image(self, image: Tensor) -> Tensor:
        """A crop [B, 3, H, W] as the encoder sees it in the view whose features are compared with others."""
        return image

    def forward(self, image: Tensor, rng: np.random.Generator | None = None) -> SegOutput:
        """One training pass.

        Args:
            image: [B, 3, H, W], normalised.
            rng: unused here; networks that draw where they look take it.
        """
        output = self._with_geometry(self.segment(image))
        if self.auxiliary_head is None:
            return output
        return replace(output, auxiliary=self.auxiliary_head(output.view("full").features))

    def _with_geometry(self, output: SegOutput) -> SegOutput:
        """An output with what the depth head makes of the first view, where the network has one."""
        return output if self.depth_head is None else replace(output, geometry=self.depth_head(output.views[0].features))

    def segment(self, image: Tensor) -> SegOutput:
        """One pass over the whole crop [B, 3, H, W] that draws nothing: inference and teacher."""
        features = self.extract_features(image)
        logits, embedding, branches = self.decode_head.decode(features)
        view = View(name="full", image=image, scale=1, box=full_box(*image.shape[2:]), features=features, logits=logits)
        made = {"branches": branches, "embedding": embedding, "align_corners": self.align_corners}
        return SegOutput(logits=logits, views=(view,), feature_views=(view,), **made)

    def loss(self, output: SegOutput, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """Losses (keys with 'loss', to be summed) and accuracies (percent) of one training pass.

        Args:
            output: what :meth:`forward` returned.
            label: [B, H, W] int64, 255 where unknown.
            weight: [B, H, W] factor per pixel, or None.

        Returns:
            ``decode.loss_seg`` and ``decode.acc_seg``, and the same with ``aux.`` if there is an auxiliary head.
        """
        label, weight = output.per_style(label), None if weight is None else output.per_style(weight)
        losses = {}
        branches = {f"decode.{name}": logits for name, logits in output.branches.items()} or {"decode": output.logits}
        for prefix, logits in branches.items():
            losses |= _prefixed(prefix, self.decode_head.losses(logits, label, weight))
        if output.auxiliary is not None:
            losses |= _prefixed("aux", self.auxiliary_head.losses(output.auxiliary, label, weight))
        return losses

    def known_branch(self, branch: str | None) -> str:
        """The name of an output of :meth:`inference`; that of the default for None.

        Raises:
            UserError: the network has none of that name.
        """
        if branch not in (None, "fused"):
            raise UserError(f"{type(self).__name__} has no output '{branch}': it looks at one scale only. Leave the option out.")
        return "fused"

    def select_branch(self, output: SegOutput, branch: str | None = None) -> Tensor:
        """The part of an output [B, K, P, Q] that inference enlarges; see :meth:`inference`."""
        self.known_branch(branch)
        return output.logits

    def encode_decode(self, image: Tensor, branch: str | None = None) -> Tensor:
        """One pass, enlarged to the image: [B, 3, H, W] -> [B, K, H, W] logits, float32 also under autocast."""
        return self.enlarge(self.select_branch(self.segment(image), branch).float(), image.shape[2:])

    def enlarge(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        """[B, K, P, Q] -> [B, K, *size] in the corner convention of the decoder."""
        return resize(logits, size, self.align_corners)

    def inference(self, image: Tensor, branch: str | None = None) -> Tensor:
        """Test-time logits, whole or averaged over sliding windows as ``test_cfg`` says; of averaged probabilities their logarithm.

        Args:
            image: [B, 3, H, W], normalised.
            branch: which output of a multi-scale network; None for the one that the config asks for.

        Returns:
            [B, K, H, W] logits; [B, K, P, Q] with ``enlarge_once``.
        """
        if self.test_cfg["mode"] == "whole":
            if self.test_cfg.get("enlarge_once", False):
                return self.select_branch(self.segment(image), branch).float()
            return self.encode_decode(image, branch)
        boxes = self.outer_windows(*image.shape[2:])
        chunks = chunked(boxes, self.outer_per_pass(image, (boxes[0].height, boxes[0].width)))
        windows = (window for some in chunks for window in self.encode_decode(crop_windows(image, some), branch).split(len(image)))
        return averaged(windows, boxes, image.shape[2:], [(self.num_classes, self.averages(branch))])

    def averages(self, branch: str | None) -> Average:
        """What :meth:`inference` averages of its windows; a whole image is left as it is."""
        return self.test_cfg.get("average", "logits") if self.test_cfg["mode"] == "slide" else "logits"

    def inference_branches(self, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
        """:meth:`inference` for several of :attr:`branches`."""
        return {branch: self.inference(image, branch) for branch in branches}

    def inference_depth(self, image: Tensor) -> Tensor:
        """Predicted depth, from the same windows as :meth:`inference`: [B, 3, H, W] -> [B, 1, H, W] in the units of the training."""
        boxes = self.outer_windows(*image.shape[2:])
        windows = (self.geometry(box.crop(image)).depth for box in boxes)
        enlarged = (self.enlarge(depth, (box.height, box.width)) for depth, box in zip(windows, boxes, strict=True))
        return average_windows(enlarged, boxes, *image.shape[2:])

    def geometry(self, image: Tensor) -> Geometry:
        """What the depth head makes of a crop [B, 3, H, W], without a pass through the decoder."""
        return self.depth_head(self.extract_features(self.first_look(image)))

    def first_look(self, image: Tensor) -> Tensor:
        """A crop [B, 3, H, W] as the encoder sees it in the first view, whose features the depth head reads."""
        return image

    def outer_windows(self, height: int, width: int) -> list[Box]:
        """The windows of an image whose logits :meth:`inference` averages; one for the whole image."""
        if self.test_cfg["mode"] == "whole":
            return [full_box(height, width)]
        return sliding_boxes(height, width, self.test_cfg["crop_size"], self.test_cfg["stride"])

    def outer_per_pass(self, image: Tensor, size: Sequence[int]) -> int:
        """How many outer windows of [B, 3, H, W] go through the network at once, if the encoder sees each at (h, w)."""
        return windows_per_pass(len(image), size, self.pixels_per_pass) if self.test_cfg.get("batched_slide", False) else 1

    @property
    def pixels_per_pass(self) -> int:
        """Budget of one pass without gradients (test time, teacher), in pixels that the encoder sees."""
        default = CPU_PIXELS_PER_PASS if next(self.parameters()).device.type == "cpu" else PIXELS_PER_PASS
        return self.test_cfg.get("pixels_per_pass", default)


def _has_batch_statistics(network: nn.Module | None) -> bool:
    """Whether a part of it normalises with statistics of the batch; all such modules of torch and timm keep running ones as well."""
    return network is not None and any(hasattr(module, "running_var") for module in network.modules())


def _prefixed(prefix: str, losses: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{key}": value for key, value in losses.items()}
