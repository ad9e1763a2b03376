"""Any network of timm as an encoder with levels at strides 4, 8, 16 and 32.

Sources: timm (Wightman et al., https://github.com/huggingface/pytorch-image-models) for the networks;
Li et al., ViTDet, ECCV 2022, for the levels of plain transformers (:class:`SimpleFeaturePyramid`).

Letters: B images, C channels, (H, W) image, p patch size of a transformer.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import timm
import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from timm.layers import Format
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.backbones.style_hallucination import style_hallucination
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.necks.simple_feature_pyramid import SimpleFeaturePyramid
from mmseg.models.weights.licences import UNKNOWN
from mmseg.models.weights.pretrained import pretrained_path, read_state
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import NonNegative, Pair, Positive, ShareBelowOne, Some

STRIDES = (4, 8, 16, 32)
TOKEN_STRIDE = 16  # pixels of the image per token of a plain transformer
_ANY_SIZE = {"dynamic_img_size": True, "strict_img_size": False}  # the two names that timm has for it
# What a file may hold of the classifier, behind the last map.
_CLASSIFIER = ("head.", "head_dist.", "fc.", "classifier.", "last_linear.", "norm.", "fc_norm.", "attn_pool.")


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """An encoder by its name in timm.

    Hierarchical networks (ResNet, ConvNeXt, Swin, ...) give what their stages give, without further
    normalisation. Plain transformers (DINOv2, DINOv3, ...) give their last map after the final
    normalisation, made into levels by a :class:`SimpleFeaturePyramid` that starts untrained; the image
    is resized by p / 16 for them, so that a token covers 16x16 pixels of it. Position embeddings are
    interpolated to every size of image.

    The decoder's ``in_channels`` are the backbone's ``out_channels``.

    Args:
        name: as ``timm.list_models()`` has it, e.g. 'resnet50', 'convnext_base', 'vit_base_patch14_dinov2'.
        out_indices: the levels to return: 0 has stride 4, 1 has 8, 2 has 16 and 3 has 32.
        drop_path_rate: stochastic depth of the last block.
        norm_eval: BatchNorm uses its running statistics in training, too: those of a file stay what they are.
        img_size: (height, width) that the network is built for. Only those need it that take one size
            (BEiT, MaxViT, Hiera): all views must have it then. For transformers it counts after the
            resizing by p / 16.
        pretrained: file of weights (.pth, .safetensors) that :meth:`init_weights` loads, in timm's layout
            or in one that timm converts (DINOv2 and DINOv3 as their authors publish them, for example).
            None starts from scratch. Nothing is ever downloaded.
        style_hallucination_cfg: options of :class:`StyleHallucination` behind the first level of a hierarchical network,
            with its ``out_channels[0]`` channels; None leaves it out.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)`` means the same.

    Raises:
        UserError: the installed timm has no such network, or the network no such levels.
    """

    def __init__(
        self,
        *,
        name: str,
        out_indices: Some[NonNegative[int]] = (0, 1, 2, 3),
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
        self.name, self.norm_eval = name, norm_eval
        self.strides = tuple(STRIDES[index] for index in out_indices)
        self.options = {"drop_path_rate": drop_path_rate} | ({} if img_size is None else {"img_size": tuple(img_size)})
        self.pretrained = pretrained_path(pretrained, init_cfg)
        whole, self.network, _ = self._build()
        if _is_plain(whole):
            info = _stage_infos(whole)[-1]
            self.patch_size = info["reduction"]
            self.pyramid = SimpleFeaturePyramid(channels=info.get("num_chs_norm", info["num_chs"]), strides=self.strides)
            self.out_channels = self.pyramid.out_channels
        else:
            self.pyramid = None
            self.out_channels = tuple(self.network.feature_info.channels())
        self._add_style_hallucination(style_hallucination_cfg)

    def _add_style_hallucination(self, options: dict | None) -> None:
        """Puts it behind the part of timm's network that gives the first level."""
        if options is not None and self.pyramid is not None:
            text = f"{self.name} of timm has no first stage, behind which styles could be mixed"
            raise UserError(f"TimmBackbone: {text}. Leave style_hallucination_cfg out, or use a network with stages.")
        self.style_hallucination = style_hallucination(options, channels=self.out_channels[0])
        if self.style_hallucination is not None:
            _part_of_first_level(self.network).register_forward_hook(self._mix_styles)

    def _mix_styles(self, _: nn.Module, __: tuple, level: Tensor) -> Tensor:
        if getattr(self.network, "output_fmt", None) == Format.NHWC:
            return self.style_hallucination(level.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.style_hallucination(level)

    def _build(self) -> tuple[nn.Module, nn.Module, list[str]]:
        """A new network as timm makes it, the encoder (its beginning, or one like it), and the names of all entries of the network."""
        whole = _create(self.name, **self.options, num_classes=0)
        names = list(whole.state_dict())
        if _is_plain(whole):
            whole.prune_intermediate_layers(1)  # keeps the last map; drops what only a classifier has
            return whole, whole, names
        indices = _stage_indices(self.name, whole, self.strides)
        return whole, _create(self.name, **self.options, features_only=True, out_indices=indices), names

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encodes a batch.

        The image is padded with zeros at the bottom and right to multiples of 32, and the levels are cut,
        so that they have the same sizes for every network.

        Args:
            image: [B, 3, H, W], normalised.

        Returns:
            One map [B, C, H / stride, W / stride] per level of ``out_indices``, sizes rounded up.

        Raises:
            UserError: the network takes images of one size only.
        """
        height, width = image.shape[2:]
        padded = F.pad(image, (0, -width % STRIDES[-1], 0, -height % STRIDES[-1]))
        try:
            levels = self._stages(padded) if self.pyramid is None else self.pyramid(self._tokens(padded))
        except AssertionError as error:  # how timm refuses a size
            fix = "Set img_size to the size of the crops, or use a network that takes any size."
            raise UserError(f"TimmBackbone: {self.name} of timm refuses the image ({error}). {fix}") from None
        return tuple(self._cut(level, stride, height, width) for level, stride in zip(levels, self.strides, strict=True))

    def _cut(self, level: Tensor, stride: int, height: int, width: int) -> Tensor:
        """A level of the padded image -> the part that shows the image, [B, C, H / stride, W / stride] rounded up."""
        whole = [side + -side % STRIDES[-1] for side in (height, width)]
        if [side * stride for side in level.shape[2:]] != whole:
            text = f"a level of {tuple(level.shape[2:])} for an image of {tuple(whole)} has no stride {stride}"
            raise UserError(f"TimmBackbone: {self.name} of timm does not fit, {text}. Use a network that pads its convolutions.")
        return level[:, :, : -(-height // stride), : -(-width // stride)]

    def _stages(self, image: Tensor) -> list[Tensor]:
        # Depthwise and 1x1 convolutions read the channels of a pixel at once: up to 1.5 times as fast on a CPU (docs/benchmark_figures.md).
        levels = self.network(image.contiguous(memory_format=torch.channels_last))
        channels_last = getattr(self.network, "output_fmt", None) == Format.NHWC
        return [level.permute(0, 3, 1, 2) for level in levels] if channels_last else levels

    def _tokens(self, image: Tensor) -> Tensor:
        """[B, 3, H, W], sides multiples of 32 -> the last map [B, C, H / 16, W / 16], normalised."""
        scaled = resize(image, [side * self.patch_size // TOKEN_STRIDE for side in image.shape[2:]])
        return self.network.forward_intermediates(scaled, indices=1, norm=True, intermediates_only=True)[0]

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
        whole, network, names = self._build()
        if self.pretrained is None:
            self.network.load_state_dict(network.state_dict())
        else:
            self._load(whole, names)
        if self.pyramid is not None:
            self.pyramid.init_weights()
        self._is_init = True

    def _load(self, whole: nn.Module, names: Sequence[str]) -> None:
        """Loads the file; ``whole`` is the network that timm's own conversion of foreign layouts needs, ``names`` its entries."""
        given = read_state(self.pretrained)
        wrong = f"{self.pretrained} does not hold the weights of timm's {self.name}"
        convert = getattr(sys.modules[type(whole).__module__], "checkpoint_filter_fn", lambda state, network: state)
        try:
            given = convert(given, whole)
        except (AttributeError, KeyError, IndexError, RuntimeError, TypeError):  # it takes the file for another network's
            raise UserError(f"{wrong}, and timm cannot convert it. Use the file of this network, or pretrained=None.") from None
        state, odd = match_state(given, self.network.state_dict(), names)
        if odd:
            fix = f"Use the file of this network, or pretrained=None ({len(odd)} entries differ)."
            raise UserError(f"{wrong}: '{odd[0]}' is missing, of another shape or not part of it. {fix}")
        self.network.load_state_dict(state)
        print_log(f"{self.pretrained}: weights of timm's {self.name} loaded; licence: {published_licence(self.name)}", logger="current")


def match_state(given: Mapping[str, Tensor], own: Mapping[str, Tensor], names: Sequence[str]) -> tuple[dict[str, Tensor], list[str]]:
    """Finds the entries of an encoder in a file.

    Args:
        given: the file, with the names of the whole network.
        own: state dict of the encoder, in which timm's extractors of features have renamed entries.
        names: of the whole network. What is not among them must belong to a classifier.

    Returns:
        The state dict to load, and the names that do not fit.
    """
    by_name = {_common_name(key): value for key, value in given.items()}
    counters = {key: value for key, value in own.items() if key.endswith("num_batches_tracked")}  # old files lack them
    state = {key: by_name[_common_name(key)] for key in own if _common_name(key) in by_name}
    odd = [key for key, value in own.items() if key not in counters and (key not in state or state[key].shape != value.shape)]
    known = set(names)
    return counters | state, odd + [key for key in given if key not in known and not key.startswith(_CLASSIFIER)]


def published_licence(name: str) -> str:
    """The licence of the weights that timm has of a network, in words; of those it takes by default where the name has no tag."""
    published = timm.get_pretrained_cfg(name)
    licence = published and published.license
    return f"{licence}, as timm states it for {published.architecture}.{published.tag}" if licence else UNKNOWN


def _common_name(key: str) -> str:
    """timm's extractors of features rename 'stages.0.x' to 'stages_0.x', or put a prefix before it."""
    return key.removeprefix("model.").removeprefix("body.").replace(".", "_")


def _is_plain(whole: nn.Module) -> bool:
    """Whether all blocks work at one resolution."""
    return len({info["reduction"] for info in _stage_infos(whole)}) == 1 and hasattr(whole, "forward_intermediates")


def _stage_infos(whole: nn.Module) -> Sequence[dict]:
    infos = getattr(whole, "feature_info", [])
    return getattr(infos, "info", infos)


def _part_of_first_level(network: nn.Module) -> nn.Module:
    """The part of one of timm's extractors of features that gives its first level; extractors differ in how they name their parts."""
    parts = dict(network.named_modules())
    name = network.feature_info.get_dicts()[0]["module"]
    found = [parts[key] for key in (name, name.replace(".", "_"), f"model.{name}", f"body.{name}") if key in parts]
    if not found:
        text = f"{type(network).__name__} of timm does not say which part of it gives the first level"
        raise UserError(f"TimmBackbone: {text}. Leave style_hallucination_cfg out, or use another network.")
    return found[0]


def _stage_indices(name: str, whole: nn.Module, strides: Sequence[int]) -> list[int]:
    """timm's index of the last stage at each stride."""
    found = [info["reduction"] for info in _stage_infos(whole)]
    if not set(strides) <= set(found):
        text = f"{name} of timm has levels at strides {found}, not at {list(strides)}"
        raise UserError(f"TimmBackbone: {text}. Use a network with strides 4, 8, 16, 32, or out_indices of those that it has.")
    return [max(index for index, stride in enumerate(found) if stride == wanted) for wanted in strides]


def _create(name: str, **options) -> nn.Module:
    """``timm.create_model`` without weights, for images of any size where the network has an option for that."""
    _check_name(name)
    wanted = {key for key, value in options.items() if value}
    options |= _ANY_SIZE
    while True:
        try:
            return timm.create_model(name, **options)
        except TypeError as error:  # each family of networks has other options
            refused = [key for key in options if f"'{key}'" in str(error)]
            if not refused:
                raise
            if refused[0] in wanted:
                raise UserError(f"TimmBackbone: {name} of timm has no option '{refused[0]}'. Leave it out.") from None
            del options[refused[0]]


def _check_name(name: str) -> None:
    if not timm.is_model(name) or ("." in name and name not in timm.list_pretrained()):
        known = timm.list_pretrained() if "." in name and timm.is_model(name) else timm.list_models()
        fix = f"{suggestion(name, known)} Use a name of timm.list_models(), or a newer timm."
        raise UserError(f"TimmBackbone: timm {timm.__version__} has no network '{name}'.{fix}")
