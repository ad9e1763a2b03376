"""Any network of timm as an encoder with levels at strides 4, 8, 16 and 32, or with the map of its tokens.

Sources: timm (Wightman et al., https://github.com/huggingface/pytorch-image-models) for the networks;
Li et al., ViTDet, ECCV 2022, for the levels of plain transformers (:class:`SimpleFeaturePyramid`);
Englert et al., VFM-UDA (arXiv 2406.09896), for the grid of tokens and their masking; Wei et al., Rein, CVPR 2024, for levels from
several blocks; Chen et al., ViT-Adapter, ICLR 2023, for levels of an adapter.

Letters: B images, C channels, (H, W) image, (h, w) grid of tokens, p side of a patch of a transformer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from timm.layers import Format
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.backbones.style_hallucination import style_hallucination
from mmseg.models.backbones.timm_networks.creation import create, is_plain, part_of_first_level, stage_indices, stage_infos
from mmseg.models.backbones.timm_networks.files import encoder_state
from mmseg.models.backbones.timm_networks.sizes import STRIDES, cut, pad, padded, rounded_up, top_left
from mmseg.models.backbones.timm_networks.tokens import (
    blocks_above,
    check_level_blocks,
    masked_tokens,
    refuse_options_of_tokens,
    start_mask_token,
    token_embedding,
    token_grid,
)
from mmseg.models.backbones.tuning import build_tuning
from mmseg.models.backbones.vit_adapter.vit_adapter import ViTAdapter
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.necks.simple_feature_pyramid import SimpleFeaturePyramid
from mmseg.models.weights.facts import EncoderFacts, check_gate, loaded_line, timm_facts
from mmseg.models.weights.pretrained import pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Pair, Positive, ShareBelowOne, Some

TOKEN_STRIDE = 16  # pixels of the image per token of a plain transformer, unless its input_scale says otherwise


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """An encoder by its name in timm.

    Hierarchical networks (ResNet, ConvNeXt, Swin, ...) give what their stages give, without further
    normalisation. Plain transformers (DINOv2, DINOv3, ...) give their last map after the final
    normalisation, made into levels by a :class:`SimpleFeaturePyramid` that starts untrained; the image
    is resized by p / 16 for them, so that a token covers 16x16 pixels of it. Position embeddings are
    interpolated to every size of image, whatever its aspect ratio.

    The decoder's ``in_channels`` are the backbone's ``out_channels``. What the published weights imply (normalisation, licence)
    is in :attr:`facts`; the preprocessor takes its statistics from there.

    Args:
        name: as ``timm.list_models()`` has it, e.g. 'resnet50', 'convnext_base', 'vit_base_patch14_dinov2'; a tag behind a dot
            says of which weights the facts are, e.g. 'vit_large_patch16_dinov3.sat493m'.
        out_indices: the levels to return: 0 has stride 4, 1 has 8, 2 has 16 and 3 has 32.
        levels: of a plain transformer: 'pyramid' as above; 'last' for the last map alone, in the grid of its tokens; 'adapter' for those
            of a :class:`ViTAdapter`, all four; or indices of blocks from 0, one per level, e.g. (7, 11, 15, 23), whose maps are resized to
            the strides of the levels (Rein, SoMA). That of 'last' is normalised, and ``out_indices`` are not asked; those of blocks are
            not, and later blocks are not built.
        input_scale: of a plain transformer: an image of side s is resized to floor(s * input_scale / p) * p pixels, e.g. 1.1 for
            80x80 tokens of a crop of 1024 with p = 14. None for p / 16.
        patch_size: of a plain transformer: its p, where it is not to be that of the published weights, e.g. 16 for DINOv2's 14. The
            embedding of patches in a file is resampled by timm (Beyer et al., FlexiViT, CVPR 2023, section 3.4), positions are resized.
        tuning: what is trained in a plain transformer, e.g. ``dict(type='LoRA', rank=16)``: see :mod:`mmseg.models.backbones.tuning`.
            None trains all of it.
        mask_token: whether it has a token that takes the place of masked ones (:meth:`forward`): that of the file, else zeros at first.
        drop_path_rate: stochastic depth of the last block.
        norm_eval: BatchNorm uses its running statistics in training, too: those of a file stay what they are.
        img_size: (height, width) that the network is built for. Only those need it that take one size
            (BEiT, MaxViT, Hiera): all views must have it then. For transformers it counts after the
            resizing.
        pretrained: file of weights (.pth, .safetensors) that :meth:`init_weights` loads, in timm's layout
            or in one that timm converts (DINOv2 and DINOv3 as their authors publish them, for example).
            None starts from scratch. Nothing is ever downloaded.
        style_hallucination_cfg: options of :class:`StyleHallucination` behind the first level of a hierarchical network,
            with its ``out_channels[0]`` channels; None leaves it out.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)`` means the same.

    Raises:
        UserError: the installed timm has no such network, or the network no such levels, blocks or tokens.
    """

    def __init__(
        self,
        *,
        name: str,
        out_indices: Some[NonNegative[int]] = (0, 1, 2, 3),
        levels: Literal["pyramid", "last", "adapter"] | Some[NonNegative[int]] = "pyramid",
        input_scale: Positive[float] | None = None,
        patch_size: Positive[int] | None = None,
        tuning: dict | None = None,
        mask_token: bool = False,
        drop_path_rate: ShareBelowOne = 0.0,
        norm_eval: bool = False,
        img_size: Pair[Positive[int]] | None = None,
        pretrained: str | None = None,
        style_hallucination_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        if not out_indices or list(out_indices) != sorted(set(out_indices) & set(range(len(STRIDES)))):
            raise UserError(f"TimmBackbone got out_indices={out_indices!r}. Give some of 0, 1, 2, 3, in ascending order.")
        self.name, self.norm_eval, self.input_scale = name, norm_eval, input_scale
        self.strides = tuple(STRIDES[index] for index in out_indices)
        self.level_kind = levels if isinstance(levels, str) else tuple(levels)
        self.options = {"drop_path_rate": drop_path_rate} | ({} if img_size is None else {"img_size": tuple(img_size)})
        self.options |= {} if patch_size is None else {"patch_size": patch_size}
        of_tokens = {"levels": levels != "pyramid", "input_scale": input_scale, "patch_size": patch_size, "mask_token": mask_token}
        self.options_of_tokens = [option for option, given in of_tokens.items() if given]
        self.pretrained = pretrained_path(pretrained, init_cfg)
        whole, self.network, _ = self._build()
        self.pyramid = self.adapter = self.mask_token = None
        self._keep: Tensor | None = None  # the mask, from the beginning to the end of a pass
        self.plain = is_plain(whole)
        self.tuning = build_tuning(tuning)
        self.tuned = self.tuning.apply(self.network)
        self.token_masks: Callable[[int, tuple[int, int]], Tensor] | None = None  # draws one for each pass, see TokenMask
        if self.plain:
            self._add_levels(stage_infos(whole)[-1])
            self._add_mask_token(stage_infos(whole)[-1]["num_chs"], wanted=mask_token)
        else:
            self.out_channels = tuple(self.network.feature_info.channels())
        self._add_style_hallucination(style_hallucination_cfg)

    @property
    def facts(self) -> EncoderFacts | None:
        """What the published weights of this network imply."""
        return timm_facts(self.name)

    def _add_levels(self, info: dict) -> None:
        """Of a plain transformer, by what timm says of its last block."""
        self.patch_size, normalised = info["reduction"], info.get("num_chs_norm", info["num_chs"])
        if self.level_kind == "pyramid":
            self.pyramid = SimpleFeaturePyramid(channels=normalised, strides=self.strides)
            self.out_channels = self.pyramid.out_channels
            return
        if self.level_kind == "adapter":
            if self.strides != STRIDES:
                raise UserError("TimmBackbone: levels='adapter' gives all four levels. Leave out_indices out.")
            self.adapter = ViTAdapter(self.network, channels=info["num_chs"], name=self.name)
        self.out_channels = (normalised,) if self.level_kind == "last" else (info["num_chs"],) * len(self.strides)

    def _add_mask_token(self, channels: int, *, wanted: bool) -> None:
        if wanted:
            self.mask_token = nn.Parameter(torch.zeros(1, 1, channels))
            # Stays in place: torch.compile follows a hook that is there, but registers none.
            token_embedding(self.network).register_forward_hook(self._mask_tokens)

    def _add_style_hallucination(self, options: dict | None) -> None:
        """Puts it behind the part of timm's network that gives the first level."""
        if options is not None and self.plain:
            text = f"{self.name} of timm has no first stage, behind which styles could be mixed"
            raise UserError(f"TimmBackbone: {text}. Leave style_hallucination_cfg out, or use a network with stages.")
        self.style_hallucination = style_hallucination(options, channels=self.out_channels[0])
        if self.style_hallucination is not None:
            part_of_first_level(self.network).register_forward_hook(self._mix_styles)

    def _mix_styles(self, _: nn.Module, __: tuple, level: Tensor) -> Tensor:
        if getattr(self.network, "output_fmt", None) == Format.NHWC:
            return self.style_hallucination(level.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.style_hallucination(level)

    def _mask_tokens(self, _: nn.Module, __: tuple, tokens: Tensor) -> Tensor:
        return tokens if self._keep is None else masked_tokens(tokens, self._keep, self.mask_token)

    def _build(self) -> tuple[nn.Module, nn.Module, list[str]]:
        """A new network as timm makes it, the encoder (its beginning, or one like it), and the names of all entries of the network."""
        whole = create(self.name, **self.options, num_classes=0)
        names = list(whole.state_dict())
        if is_plain(whole):
            check_level_blocks(self.name, self.level_kind, len(self.strides), len(stage_infos(whole)))
            blocks = None if isinstance(self.level_kind, str) else list(self.level_kind)
            # Keeps the maps that are asked for; drops what lies behind them and what only a classifier has.
            whole.prune_intermediate_layers(1 if blocks is None else blocks, prune_norm=self.level_kind not in ("pyramid", "last"))
            return whole, whole, names
        refuse_options_of_tokens(self.name, self.options_of_tokens)
        indices = stage_indices(self.name, whole, self.strides)
        return whole, create(self.name, **self.options, features_only=True, out_indices=indices), names

    @property
    def fits_strides(self) -> bool:
        """Whether a cell of a level covers as many pixels as its stride says, and not those of a token that is larger or smaller."""
        return not (self.plain and self.level_kind == "last") or self.input_scale in (None, self.patch_size / TOKEN_STRIDE)

    def token_grid(self, height: int, width: int) -> tuple[int, int]:
        """Tokens (h, w) of an image (H, W) in a plain transformer: the size of a ``token_mask``."""
        if self.input_scale is not None:
            least = 2 if self.pyramid is not None and STRIDES[-1] in self.strides else 1  # which halves the map
            return token_grid(height, width, self.patch_size, self.input_scale, least)
        return tuple(side // TOKEN_STRIDE for side in padded(height, width))

    def forward(self, image: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encodes a batch.

        The image is padded with zeros at the bottom and right to multiples of 32, and the levels are cut,
        so that they have the same sizes for every network. With ``input_scale`` it is resized as it is.

        Args:
            image: [B, 3, H, W], normalised.
            token_mask: [B, 1, h, w] with the grid of :meth:`token_grid`: the patch tokens where it is 0 (False) become the mask token,
                before positions are added; class and register tokens stay. None masks nothing. For networks built with
                ``mask_token=True``.

        Returns:
            One map [B, C, H / stride, W / stride] per level of ``out_indices``, sizes rounded up; with ``levels='last'`` one map, of the
            grid of the tokens.

        Raises:
            UserError: the network takes images of one size only, or has no mask token.
        """
        if token_mask is not None and self.mask_token is None:
            raise UserError(f"TimmBackbone: {self.name} was built without a mask token. Set model.backbone.mask_token=True.")
        if token_mask is None and self.token_masks is not None:
            token_mask = self.token_masks(len(image), self.token_grid(*image.shape[2:]))
        self._keep = token_mask
        try:
            return self._token_levels(image) if self.plain else self._stage_levels(image)
        except AssertionError as error:  # how timm refuses a size
            fix = "Set img_size to the size of the crops, or use a network that takes any size."
            raise UserError(f"TimmBackbone: {self.name} of timm refuses the image ({error}). {fix}") from None
        finally:
            self._keep = None

    def _stage_levels(self, image: Tensor) -> tuple[Tensor, ...]:
        height, width = image.shape[2:]
        levels = self._stages(pad(image))
        return tuple(cut(level, stride, (height, width), self.name) for level, stride in zip(levels, self.strides, strict=True))

    def _stages(self, image: Tensor) -> list[Tensor]:
        # Depthwise and 1x1 convolutions read the channels of a pixel at once: up to 1.5 times as fast on a CPU (docs/benchmark_figures.md).
        levels = self.network(image.contiguous(memory_format=torch.channels_last))
        channels_last = getattr(self.network, "output_fmt", None) == Format.NHWC
        return [level.permute(0, 3, 1, 2) for level in levels] if channels_last else levels

    def _token_levels(self, image: Tensor) -> tuple[Tensor, ...]:
        """The levels of a plain transformer."""
        height, width = image.shape[2:]
        whole = image if self.input_scale is not None else pad(image)
        maps = self._maps(whole, self.token_grid(height, width))
        if self.level_kind == "last" and self.input_scale is not None:
            return maps  # whose grid fits no stride
        strides = (TOKEN_STRIDE,) if self.level_kind == "last" else self.strides
        sized = [resize(level, rounded_up(whole.shape[2:], stride)) for level, stride in zip(maps, strides, strict=True)]
        return tuple(top_left(level, rounded_up((height, width), stride)) for level, stride in zip(sized, strides, strict=True))

    def _maps(self, whole: Tensor, grid: tuple[int, int]) -> tuple[Tensor, ...]:
        """An image [B, 3, ., .] -> maps of the grid (h, w); the levels of the pyramid on it, or those of the adapter."""
        scaled = resize(whole, [side * self.patch_size for side in grid])
        run = functools.partial(self.network.forward_intermediates, scaled, intermediates_only=True)
        if self.adapter is not None:
            return self.adapter(whole, grid, functools.partial(run, indices=1, norm=False))
        if not isinstance(self.level_kind, str):
            return tuple(run(indices=list(self.level_kind), norm=False))
        last = run(indices=1, norm=True)[0]
        return (last,) if self.pyramid is None else self.pyramid(last)

    def blocks_above(self) -> dict[str, int] | None:
        """How many blocks follow each parameter of a plain transformer, None for networks with stages.

        0 for the last block and what comes behind it; as many as there are for the patch embedding, positions and extra tokens.
        """
        if not self.plain:
            return None
        inner = {f"network.{name}": count for name, count in blocks_above(self.network).items()}
        return {name: inner.get(name, 0) for name, _ in self.named_parameters()} | {"mask_token": len(self.network.blocks)}

    def train(self, mode: bool = True) -> TimmBackbone:
        """Switches to training or evaluation; ``norm_eval`` keeps BatchNorm in evaluation."""
        super().train(mode)
        for module in self.modules() if mode and self.norm_eval else ():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    def init_weights(self) -> None:
        """Draws new weights as timm does, from torch's global generator, or loads ``pretrained``.

        Raises:
            UserError: the file does not exist or belongs to another network.
        """
        if self.pretrained is None:
            state, mask_token = self._build()[1].state_dict(), None
        else:
            state, mask_token = self.file_state()
            print_log(loaded_line(self.pretrained, self.name), logger="current")
        self.network.load_state_dict(state, strict=False)  # which lacks what a tuning adds
        self.tuning.start(self.network)
        started = self.mask_token is None or start_mask_token(self.mask_token, mask_token)
        if not started and self.pretrained is not None:
            print_log(f"{self.pretrained} holds no mask token of {self.name}: it starts as zeros", logger="current")
        for part in (self.pyramid, self.adapter):
            if part is not None:
                part.init_weights()
        self._is_init = True

    def file_state(self) -> tuple[dict[str, Tensor], Tensor | None]:
        """What the file ``pretrained`` holds for the network: its state without what a tuning adds, and the mask token if there is one.

        Raises:
            UserError: the file does not exist or belongs to another network.
        """
        check_gate(self.facts, self.pretrained)
        whole, network, names = self._build()
        return encoder_state(self.pretrained, self.name, network.state_dict(), whole, names)
