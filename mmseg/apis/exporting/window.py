"""Writing the segmentor of one window for use without this code: as ONNX and as a program of ``torch.export``.

A file counts as written only if, read back and run on random grey levels, it gives what the network gives.
docs/export.md shows how to slide the window over an image.

Letters: B windows, K classes, (H, W) window.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import onnxruntime
import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.export import ExportedProgram

from mmseg.apis.predicting.choices import SUFFIXES
from mmseg.apis.predicting.inference_modes import inference_config
from mmseg.datasets.base import class_info
from mmseg.engine.checkpoints.checkpoint import environment
from mmseg.models.backbones.tuning import merge_tuning
from mmseg.models.data_preprocessor import normalize
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash
from mmseg.utils.storage.files import atomic_path

TOLERANCE = 1e-4  # largest difference from the network, relative to the range of its logits
OPSET = 18  # of ONNX; the lowest one that torch's exporter writes without conversion
ONNX_BYTES = 2**31  # what a protobuf message can hold


class WindowSegmentor(nn.Module):
    """What is exported: normalisation, one pass, logits enlarged to the window.

    Args:
        method: of :func:`mmseg.apis.init_model`. What its encoder has learned beside its weights is written into them.
    """

    def __init__(self, *, method: UDAMethod) -> None:
        super().__init__()
        merge_tuning(method.model)
        self.segmentor = method.model
        self.register_buffer("class_bias", method.class_bias)
        self.temperature = method.temperature
        self.register_buffer("mean", method.data_preprocessor.mean)
        self.register_buffer("std", method.data_preprocessor.std)

    def forward(self, image: Tensor) -> Tensor:
        """Float32 RGB [B, 3, H, W] in grey levels from 0 to 255 -> fused logits [B, K, H, W], as the method corrects and tempers them."""
        logits = self.segmentor.encode_decode(normalize(image, self.mean, self.std), branch="fused")
        logits = logits if self.class_bias is None else logits + self.class_bias[:, None, None]
        return logits if self.temperature == 1 else logits / self.temperature


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        suffix: of the file name.
        save: writes a program to a path.
        run: reads a path and runs it on [B, 3, H, W].
    """

    suffix: str
    save: Callable[[ExportedProgram, Path], None]
    run: Callable[[Path, Tensor], Tensor]


@dataclass(frozen=True)
class ExportedFile:
    """A written and checked file; ``difference`` is the largest one from the network, relative to the range of its logits."""

    path: Path
    difference: float


def save_onnx(program: ExportedProgram, path: Path) -> None:
    """Writes one ONNX file with input ``image`` and output ``logits``.

    Raises:
        UserError: the weights are too many for one file, or these versions of torch and onnxscript cannot translate the network.
    """
    size = sum(tensor.numel() * tensor.element_size() for tensor in program.state_dict.values())
    if size >= ONNX_BYTES:
        text = f"An ONNX file holds at most {ONNX_BYTES / 1e9:.1f} GB, and the weights of this network are {size / 1e9:.1f} GB"
        raise UserError(f"{text}. Use --format exported_program.")
    names = {"input_names": ["image"], "output_names": ["logits"]}
    try:
        translated = torch.onnx.export(program, dynamo=True, verbose=False, opset_version=OPSET, **names)
    except torch.onnx.OnnxExporterError as error:
        tools = f"torch {torch.__version__} with onnxscript {version('onnxscript')}"
        raise UserError(f"{tools} cannot translate this network to ONNX. Use --format exported_program.") from error
    for node in translated.model.graph:
        node.metadata_props.clear()  # stack traces, with the paths of this machine
    translated.save(path)


def run_onnx(path: Path, image: Tensor) -> Tensor:
    """Runs an ONNX file with ONNX Runtime on the CPU."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(["logits"], {"image": image.numpy()})[0])


def save_program(program: ExportedProgram, path: Path) -> None:
    """Writes a program of ``torch.export``; by way of memory, because torch reports a full disk in its own words."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    path.write_bytes(buffer.getbuffer())


def run_program(path: Path, image: Tensor) -> Tensor:
    """Runs a program of ``torch.export``."""
    return torch.export.load(path).module()(image)


FORMATS = {
    "onnx": Format(SUFFIXES["onnx"], save_onnx, run_onnx),
    "exported_program": Format(SUFFIXES["exported_program"], save_program, run_program),
}


@torch.no_grad()
def export_window(
    method: UDAMethod, base: Path, window: Sequence[int], *, batch: int = 1, formats: Sequence[str] = tuple(FORMATS)
) -> dict[str, ExportedFile]:
    """Writes the network for windows of one size, and checks every file.

    Args:
        method: of :func:`mmseg.apis.init_model`, on the CPU.
        base: path of the files without their suffixes.
        window: (H, W) in pixels.
        batch: B, windows per pass.
        formats: keys of :data:`FORMATS`.

    Returns:
        the files by format.

    Raises:
        UserError: the network refuses the size, or a file cannot be written.
        RuntimeError: a file does not predict what the network predicts; it is not kept.
    """
    if min(*window, batch) < 1:
        raise UserError(f"{batch} windows of {window[0]}x{window[1]} pixels hold no pixel. Use --size and --batch of at least 1.")
    network = WindowSegmentor(method=method).eval()
    image = torch.rand(batch, 3, *window, generator=torch.Generator().manual_seed(0)) * 255
    expected = network(image)
    files = {}
    with quiet(), contextlib.ExitStack() as stack:  # all files or none
        # Traced on another image than the one of the check, which would not notice values that became constants.
        program = torch.export.export(network, (torch.zeros_like(image),), strict=False)
        for name in dict.fromkeys(formats):
            path = base.with_name(base.name + FORMATS[name].suffix)
            temporary = stack.enter_context(atomic_path(path))
            FORMATS[name].save(program, temporary)
            files[name] = ExportedFile(path, checked_difference(FORMATS[name].run(temporary, image), expected, path.name))
    return files


def checked_difference(actual: Tensor, expected: Tensor, name: str) -> float:
    """:func:`relative_difference`, if it is at most :data:`TOLERANCE`; ``name`` is the file in the error."""
    difference = relative_difference(actual, expected)
    if not difference <= TOLERANCE:  # also if it is no number
        text = f"{name} would differ from the network by {difference:.1e} of its range, more than {TOLERANCE:.0e}"
        raise RuntimeError(f"{text}, and was not written. Please report this with the config.")
    return difference


def relative_difference(actual: Tensor, expected: Tensor) -> float:
    """The largest absolute difference of two tensors of one shape over the range of the second."""
    span = (expected.max() - expected.min()).clamp(min=torch.finfo(expected.dtype).tiny)
    return float((actual - expected).abs().max() / span)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hides what torch's exporters say about their own insides; errors still raise."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def sliding_window(cfg: Config, size: Sequence[int] | None = None) -> tuple[list[int], list[int]]:
    """The window to export and the stride to slide it by.

    Args:
        cfg: complete config.
        size: (H, W) in pixels; None for the windows of the config's ``test_cfg``, or else its training crop.

    Returns:
        (H, W), and (vertical, horizontal) pixels: the config's for its own windows, half of the window for others.
    """
    slide = inference_config(cfg, "slide")
    if size is None or list(size) == slide["crop_size"]:
        return slide["crop_size"], slide["stride"]
    return list(size), [max(side // 2, 1) for side in size]


def description(method: UDAMethod, window: Sequence[int], stride: Sequence[int], batch: int) -> dict:
    """What a user of the files has to know, ready for JSON.

    Raises:
        UserError: the network has another number of classes than the validation data of its config.
    """
    dataset, preprocessor = method.cfg.val_dataloader.dataset, method.data_preprocessor
    data = class_info(dataset)
    if len(data["classes"]) != method.model.num_classes:
        text = f"The network predicts {method.model.num_classes} classes, but {dataset.type} of val_dataloader has {len(data['classes'])}"
        raise UserError(f"{text}. Use the data set with the classes that it was trained for.")
    shape = {"shape": [batch, 3, *window], "dtype": "float32"}
    return {
        "input": {"name": "image", **shape, "values": "RGB in grey levels from 0 to 255; the normalisation is inside"},
        "output": {"name": "logits", "shape": [batch, method.model.num_classes, *window], "dtype": "float32"},
        "window": list(window),
        "stride": list(stride),
        "average": method.model.test_cfg.get("average", "logits"),
        "flip": method.model.test_cfg.get("flip", False),
        "test_scale": dataset.get("test_scale"),
        "classes": list(data["classes"]),
        "palette": [list(color) for color in data["palette"]],
        "class_bias": None if method.class_bias is None else method.class_bias.tolist(),
        "temperature": method.temperature,
        "normalization": {"mean": list(preprocessor.grey_mean), "std": list(preprocessor.grey_std)},
    }


def file_records(files: dict[str, ExportedFile]) -> dict:
    """The written files, for the JSON."""
    return {name: {"name": file.path.name, "sha256": file_hash(file.path), "difference": file.difference} for name, file in files.items()}


def versions() -> dict[str, str | int]:
    """What wrote the files."""
    return {**environment(), **{name: version(name) for name in ("onnx", "onnxscript", "onnxruntime")}, "opset": OPSET}
