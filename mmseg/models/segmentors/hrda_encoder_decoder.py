"""HRDA: one encoder looks at the whole crop in low and at a part of it in high resolution.

Source: Hoyer et al., "HRDA: Context-Aware High-Resolution Domain-Adaptive Semantic Segmentation",
ECCV 2022, section 3. The paper's LR crop is the view 'context', its HR crop the view 'detail'.

Letters: B images, K classes, (H, W) full crop, (h, w) detail crop, (P, Q) fused map, N detail windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.decode_heads.hrda_head import attention_map
from mmseg.models.segmentors.detail_crop import blur_details, draw_crop_box
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder, _prefixed
from mmseg.models.segmentors.inference_options import InferenceOptions, refuse_options
from mmseg.models.segmentors.shared_windows import BRANCHES, Walk, shared_inference
from mmseg.models.segmentors.window_averages import Average
from mmseg.registry import MODELS
from mmseg.structures import Box, SegOutput, View, crop_windows, full_box, plan_windows, sliding_boxes, windows_per_pass
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Pair, Positive


@MODELS.register_module()
class HRDAEncoderDecoder(EncoderDecoder):
    """Two views of the crop, fused by the scale attention of :class:`HRDAHead`.

    Args:
        backbone, decode_head, neck, depth_head, pretrained, test_cfg, train_cfg, init_cfg: see :class:`EncoderDecoder`;
            ``decode_head`` is an ``HRDAHead``, and ``depth_head`` reads the features of the context.
        auxiliary_head: must be None; kept because published configs have it.
        scales: resolution of both views, relative to the crop. The larger one, the detail, is 1.
        hr_crop_size: (h, w) of the detail crop in pixels.
        feature_scale: the view whose features the feature distance compares, by its scale, or 'all'.
        crop_coord_divisible: the detail crop starts at multiples of it.
        hr_slide_inference: at test time the detail view slides over the whole image; else it is the whole image.
        hr_slide_overlapping: these windows overlap by half.
        blur_hr_crop: an ablation: the detail view gets no more details than half the resolution has.
    """

    branches = BRANCHES

    def __init__(
        self,
        *,
        backbone: dict,
        decode_head: dict,
        hr_crop_size: Pair[Positive[int]],
        scales: Pair[Positive[float]] = (1, 0.5),
        feature_scale: Positive[float] | str = 0.5,
        crop_coord_divisible: Positive[int] = 8,
        hr_slide_inference: bool = True,
        hr_slide_overlapping: bool = True,
        blur_hr_crop: bool = False,
        neck: dict | None = None,
        auxiliary_head: dict | None = None,
        depth_head: dict | None = None,
        pretrained: str | None = None,
        test_cfg: InferenceOptions | None = None,
        train_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        refuse_options("HRDAEncoderDecoder", auxiliary_head=auxiliary_head)
        parts = {"backbone": backbone, "decode_head": decode_head, "neck": neck, "depth_head": depth_head}
        super().__init__(**parts, pretrained=pretrained, test_cfg=test_cfg, train_cfg=train_cfg, init_cfg=init_cfg)
        refuse_options("HRDAEncoderDecoder", enlarge_once=self.test_cfg.get("enlarge_once"))
        if not getattr(self.backbone, "fits_strides", True):
            text = "levels='last' with input_scale gives a map in the grid of the tokens, but details are placed by strides"
            raise UserError(f"HRDAEncoderDecoder: {text}. Use levels='pyramid' or 'adapter', or leave input_scale out.")
        if len(scales) != 2 or max(scales) != 1 or min(scales) <= 0:
            raise UserError(f"HRDAEncoderDecoder got scales={scales!r}. Use (1, s) with a context scale s from above 0 to 1.")
        if feature_scale not in ("all", *scales):
            raise UserError(f"HRDAEncoderDecoder got feature_scale={feature_scale!r}. Use 'all' or one of scales={tuple(scales)}.")
        self.context_scale = min(scales)
        self.hr_crop_size = tuple(hr_crop_size)
        self.feature_scale = feature_scale
        self.crop_coord_divisible = crop_coord_divisible
        self.hr_slide_inference = hr_slide_inference
        self.hr_slide_overlapping = hr_slide_overlapping
        self.blur_hr_crop = blur_hr_crop
        self._check_pixels(hr_crop_size, f"hr_crop_size={self.hr_crop_size}")
        if self.test_cfg["mode"] == "slide":
            self._check_pixels(self.test_cfg["crop_size"], f"test_cfg.crop_size={tuple(self.test_cfg['crop_size'])}")
        stride = self.decode_head.output_stride
        if hr_slide_inference and hr_slide_overlapping and any(side // 2 % stride for side in hr_crop_size):
            text = f"windows of hr_crop_size={self.hr_crop_size} that overlap by half do not start on pixels of stride {stride}"
            raise UserError(f"HRDAEncoderDecoder: {text}. Use sizes divisible by {2 * stride}.")

    @property
    def feature_channels(self) -> int:
        """See :class:`EncoderDecoder`; of the shared head."""
        return self.decode_head.head.in_channels[-1]

    @property
    def embedding_channels(self) -> int | None:
        """See :class:`EncoderDecoder`; of the shared head."""
        return self.decode_head.head.embedding_channels

    @property
    def align_corners(self) -> bool:
        """False: the published fusion of the scales knows no other convention."""
        return False

    @property
    def unit(self) -> int:
        """Pixels of the crop that are whole pixels of both the fused and the context map."""
        stride = self.decode_head.output_stride
        return stride * (Fraction(1) / Fraction(self.context_scale).limit_denominator(64)).numerator

    def forward(self, image: Tensor, rng: np.random.Generator | None = None) -> SegOutput:
        """One training pass: context of the whole crop, detail of one box that is drawn for the batch.

        Args:
            image: [B, 3, H, W], normalised.
            rng: draws the box; may be None if the detail crop is the whole crop.

        Raises:
            UserError: the detail crop does not fit, or a size or offset does not land on whole pixels.
        """
        height, width = image.shape[2:]
        self._check_pixels((height, width), f"the {height}x{width} training crop")
        if self.hr_crop_size != (height, width):
            self._check_offsets()
        box = draw_crop_box(rng, height, width, self.hr_crop_size, self.crop_coord_divisible)
        return self._with_geometry(self._look(image, [box]))

    def feature_image(self, image: Tensor) -> Tensor:
        """The context of a crop, or the crop itself where ``feature_scale`` is 1."""
        return image if self.feature_scale == 1 else self.first_look(image)

    def first_look(self, image: Tensor) -> Tensor:
        """The context of a crop."""
        return resize(image, [round(side * self.context_scale) for side in image.shape[2:]])

    def segment(self, image: Tensor) -> SegOutput:
        """One pass that draws nothing: the detail view covers the whole crop, all windows in one batch.

        The view 'detail' then has the logits of the whole crop [B, K, P, Q] and, if several windows
        were averaged, no features.
        """
        height, width = image.shape[2:]
        self._check_pixels((height, width), f"the {height}x{width} image")
        return self._look(image, self.detail_windows(height, width))

    def detail_windows(self, height: int, width: int) -> list[Box]:
        """Where the detail view looks at test time in an image or an outer window of that size."""
        if not self.hr_slide_inference:
            return [full_box(height, width)]
        stride = [side // 2 for side in self.hr_crop_size] if self.hr_slide_overlapping else self.hr_crop_size
        return sliding_boxes(height, width, self.hr_crop_size, stride)

    def _look(self, image: Tensor, boxes: Sequence[Box]) -> SegOutput:
        """Encodes the context and the N boxes of the detail, decodes and fuses them."""
        size = image.shape[2:]
        context_image = self.first_look(image)
        detail_image = blur_details(image) if self.blur_hr_crop else image
        windows = crop_windows(detail_image, boxes)
        context_features, window_features = self.extract_together([context_image, windows])

        stride = self.decode_head.output_stride
        map_boxes = [box.rescaled(Fraction(1, stride)) for box in boxes]
        fusion = self.decode_head(context_features, window_features, map_boxes, [side // stride for side in size])

        one = len(boxes) == 1
        context = View("context", context_image, self.context_scale, full_box(*size), context_features, fusion.context)
        region = (windows, 1, boxes[0], window_features) if one else (detail_image, 1, full_box(*size), ())
        detail = View("detail", *region, fusion.detail)
        maps = {"attention": fusion.attention, "scaled_context": fusion.scaled_context, "embedding": fusion.embedding}
        return SegOutput(logits=fusion.fused, views=(context, detail), feature_views=self._feature_views(context, detail), **maps)

    def _feature_views(self, context: View, detail: View) -> tuple[View, ...]:
        if self.feature_scale == "all":
            return (context, detail)
        # With equal scales the published code takes the first view that matches: the context.
        return (context,) if self.feature_scale == self.context_scale else (detail,)

    def loss(self, output: SegOutput, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """See :meth:`EncoderDecoder.loss`; additional keys ``decode.lr.*`` and ``decode.hr.*``."""
        label, weight = output.per_style(label), None if weight is None else output.per_style(weight)
        return _prefixed("decode", self.decode_head.losses(output, label, weight))

    def inference(self, image: Tensor, branch: str | None = None) -> Tensor:
        """See :meth:`EncoderDecoder.inference`; of an image of any size."""
        branch = self.known_branch(branch)
        return self.inference_branches(image, [branch])[branch]

    def inference_branches(self, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
        """Several outputs from the same look at an image of any size.

        A side that one window covers is padded with 0 to whole pixels of all maps, and the logits are cut back.
        Outer windows share their detail windows, see :mod:`mmseg.models.segmentors.shared_windows`. They do not where that
        would change the result: batch statistics (train mode) and the blur at a window's border depend on the other pixels.

        Args:
            image: [B, 3, H, W], normalised.
            branches: names of :meth:`select_branch`.

        Returns:
            [B, K, H, W] for each, or [B, 1, H, W] for 'ATT'.
        """
        height, width = image.shape[2:]
        window = self.outer_windows(height, width)[0]
        sides = ((width, window.width), (height, window.height))
        right, bottom = (-side % self.unit if side == covered else 0 for side, covered in sides)
        padded = F.pad(image, (0, right, 0, bottom))
        if self.training or self.blur_hr_crop:
            maps = {branch: super(HRDAEncoderDecoder, self).inference(padded, branch) for branch in branches}
        else:
            maps = self._shared_inference(padded, branches)
        return {branch: logits[:, :, :height, :width] for branch, logits in maps.items()}

    def _shared_inference(self, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
        """Looks into outer windows that share their detail windows; arguments as :func:`shared_inference`."""
        outer = self.outer_windows(*image.shape[2:])
        plan = plan_windows(outer, self.detail_windows(outer[0].height, outer[0].width))
        context_size = [round(side * self.context_scale) for side in (outer[0].height, outer[0].width)]
        detail_size = (plan.details[0].height, plan.details[0].width)
        detail_map = full_box(*detail_size).rescaled(Fraction(1, self.decode_head.output_stride))

        def context(windows: Tensor) -> tuple[Tensor, Tensor]:
            features = self.extract_features(resize(windows, context_size))
            logits = self.decode_head.head(features).float()
            return logits, self.decode_head.attend(features, logits).float()

        def detail(windows: Tensor) -> Tensor:
            return self.decode_head.decode_detail(self.extract_features(windows), detail_map).float()

        walk = Walk(
            context=context,
            detail=detail,
            stride=self.decode_head.output_stride,
            channels={branch: 1 if branch == "ATT" else self.num_classes for branch in self.branches},
            averages={branch: self.averages(branch) for branch in self.branches},
            outer_per_pass=self.outer_per_pass(image, context_size),
            details_per_pass=windows_per_pass(len(image), detail_size, self.pixels_per_pass),
        )
        return shared_inference(walk, plan, image, branches)

    def averages(self, branch: str | None) -> Average:
        """See :class:`EncoderDecoder`; an attention is no logit."""
        return "logits" if self.known_branch(branch) == "ATT" else super().averages(branch)

    def known_branch(self, branch: str | None) -> str:
        """See :meth:`EncoderDecoder.known_branch`."""
        branch = branch or ("ATT" if self.decode_head.debug_output_attention else "fused")
        if branch not in self.branches:
            raise UserError(f"HRDAEncoderDecoder has no output '{branch}'. Use 'fused', 'LR', 'HR' or 'ATT'.")
        return branch

    def select_branch(self, output: SegOutput, branch: str | None = None) -> Tensor:
        """The part of an output that inference enlarges.

        Args:
            output: of :meth:`segment`.
            branch: 'fused'; 'LR' or 'HR' for the prediction of the context or the detail view alone;
                'ATT' for :func:`attention_map`; None for 'fused', or 'ATT' with ``debug_output_attention``.

        Returns:
            [B, K, P, Q], or [B, 1, P, Q] for 'ATT'.
        """
        branch = self.known_branch(branch)
        if branch == "LR":  # by way of the fused map's size, so that it equals a fixed attention of 0
            return resize(output.view("context").logits, output.logits.shape[2:])
        if branch == "HR":
            return output.view("detail").logits
        return attention_map(output.attention, output.logits) if branch == "ATT" else output.logits

    def _check_pixels(self, sides: Sequence[int], what: str) -> None:
        if any(side % self.unit for side in sides):
            origin = f"output stride {self.decode_head.output_stride} over context scale {self.context_scale}"
            raise UserError(f"HRDAEncoderDecoder: {what} is not divisible by {self.unit} ({origin}). Use a multiple of {self.unit}.")

    def _check_offsets(self) -> None:
        """Offsets must be whole pixels of the fused map; in the context map, :func:`fuse_scales` truncates them."""
        stride = self.decode_head.output_stride
        if self.crop_coord_divisible % stride:
            text = f"crop_coord_divisible={self.crop_coord_divisible} is not divisible by the output stride {stride}"
            raise UserError(f"HRDAEncoderDecoder: {text}. Use a multiple of {stride}.")
