"""Networks and losses of FADA and label shift adaptation against the records of the published code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mmseg.models.backbones.frozen_batch_norm import FrozenBatchNorm2d, frozen_batch_norm
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.class_alignment import SOURCE, TARGET, domain_cross_entropy, soft_labels
from mmseg.models.uda.class_discriminator import ClassDiscriminator
from mmseg.registry import MODELS
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize

FOLDER = "methods/label_shift"
ENCODER = {
    "type": "ResNet",
    "strides": (1, 2, 1, 1),
    "dilations": (1, 1, 2, 4),
    "contract_dilation": True,
    "out_indices": (3,),
    "norm_cfg": {"type": "FrozenBN"},
}
HEADS = {"original": {"type": "FADAHead"}, "modified": {"type": "SEASPPHead", "channels": 256}}


def rnd(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype(np.float32))


def seed_of(text: str) -> int:
    """The seed of an input that a record describes as rnd(seed, …)."""
    return int(text.split("rnd(")[1].split(",")[0])


def fill(record: Record, module):
    return fill_by_recipe(module, seed=record.info["recipe"]["seed"], mult=record.info["recipe"]["mult"])


def subsampled(value: Tensor, text: str) -> Tensor:
    """A part of a tensor as a record describes it, such as [:,:,::2,1::2]."""
    parts = text.split("]")[0].strip("[").split(",")
    return value[tuple(slice(*(int(number) if number else None for number in part.split(":"))) for part in parts)]


def check_norms(record: Record, module) -> None:
    for name, parameter in module.named_parameters():
        assert parameter.grad.double().norm().item() == pytest.approx(record.info["grad_norms"][name], rel=1e-4), name


@parametrize(f"{FOLDER}/frozen_bn*")
def test_frozen_batch_norm(record):
    tensors = record.tensors
    norm = FrozenBatchNorm2d(tensors["x"].shape[1])
    norm.load_state_dict({key: tensors[key] for key in ("weight", "bias", "running_mean", "running_var")})
    assert_close(record, "y", norm(tensors["x"]), rtol=1e-5)
    assert not list(norm.parameters())


@parametrize(f"{FOLDER}/resnet_*")
def test_encoder(record):
    encoder = fill(record, MODELS.build({**ENCODER, "depth": int(record.info["arch"].removeprefix("resnet"))})).eval()
    recipe = record.info["recipe"]  # of names below 'backbone.'
    fill_by_recipe(encoder, seed=recipe["seed"], mult=recipe["mult"], prefix="backbone.")
    with torch.no_grad():
        (features,) = encoder(record.tensors["x"])
    assert list(features.shape) == record.info["out_shape"]
    assert_close(record, "feat_sub", features[:, :: features.shape[1] // record.tensors["feat_sub"].shape[1]])
    assert features.double().norm().item() == pytest.approx(record.info["feat_checksum"][2], rel=1e-5)


@parametrize(f"{FOLDER}/aspp_*")
def test_head(record):
    info, parts = record.info, record.info["subsample"]
    kind = next(name for name in HEADS if name in record.path.stem)
    options = {"in_channels": info["in_channels"], "num_classes": info["num_classes"], "align_corners": True}
    head = fill(record, MODELS.build({**HEADS[kind], **options})).eval()
    seeds = {name: seed_of(text) for name, text in info["inputs"].items()}
    batch, _, height, width = record.tensors["out"].shape
    level = rnd(seeds["x"], batch, info["in_channels"], height, width).requires_grad_()
    logits, embedding, _ = head.decode([level])
    (logits * rnd(seeds["g"], *logits.shape)).sum().backward()
    assert_close(record, "out", logits)
    assert_close(record, "grad_x_sub", subsampled(level.grad, parts["grad_x_sub"]))
    assert_close(record, "out_up_sub", subsampled(resize(logits, info["upsampled_size"], align_corners=True), parts["out_up_sub"]))
    for name, parameter in head.named_parameters():
        if f"grad.{name}" in record.tensors:
            assert_close(record, f"grad.{name}", parameter.grad, atol=1e-4)
    check_norms(record, head)
    if "bottleneck_out_sub" in record.tensors:
        assert_close(record, "bottleneck_out_sub", subsampled(embedding, parts["bottleneck_out_sub"]))
    for name in (name for name in record.tensors if name.startswith("out_train_seed")):
        torch.manual_seed(int(name.removeprefix("out_train_seed")))
        assert_close(record, name, head.train()([level]))


@parametrize(f"{FOLDER}/fada_discriminator*")
def test_discriminator(record):
    info, parts = record.info, record.info["subsample"]
    network = ClassDiscriminator(in_channels=info["input_nc"], num_classes=info["num_classes"], channels=info["ndf"])
    fill(record, network)
    seeds = {name: seed_of(text) for name, text in info["inputs"].items()}
    batch, _, height, width = record.tensors["out"].shape
    features = rnd(seeds["x"], batch, info["input_nc"], height, width).requires_grad_()
    answer = network(features)
    enlarged = resize(answer, info["size"], align_corners=True)
    (enlarged * rnd(seeds["g"], *enlarged.shape)).sum().backward()
    assert_close(record, "out", answer)
    assert_close(record, "out_up_sub", subsampled(enlarged, parts["out_up_sub"]))
    assert_close(record, "grad_x_sub", subsampled(features.grad, parts["grad_x_sub"]))
    gradients = {f"grad.{name}": parameter.grad for name, parameter in network.named_parameters()}
    assert_close(record, "grad.cls2.weight_sub", subsampled(gradients["grad.cls2.weight"], parts["cls2"]), atol=1e-4)
    for key in ("grad.cls1.bias", "grad.D.0.bias"):
        assert_close(record, key, gradients[key], atol=1e-4)
    check_norms(record, network)


@parametrize(f"{FOLDER}/fada_losses*")
def test_losses(record):
    info, tensors, answer = record.info, record.tensors, record.tensors["D_logits"]
    soft = {domain: soft_labels(tensors[f"seg_logits_{domain}"], info["temperature"], info["clip"]) for domain in ("src", "tgt")}
    for domain, labels in soft.items():
        assert_close(record, f"a_{domain}", labels)
        assert (labels == info["clip"]).sum() == info["results"][f"n_clipped_{domain}"]
    for name, domain, side in (("adv_tgt", "tgt", SOURCE), ("D_src", "src", SOURCE), ("D_tgt", "tgt", TARGET)):
        own = answer.clone().requires_grad_()
        loss = domain_cross_entropy(own, soft[domain], side).mean() * info["weights"][name]
        loss.backward()
        assert loss.item() == pytest.approx(info["results"][name], rel=1e-5)
        assert_close(record, f"grad_{name}", own.grad, atol=1e-9)
    weighted = (domain_cross_entropy(answer, soft["tgt"], SOURCE) * tensors["pixel_weights"]).mean()
    assert weighted.item() == pytest.approx(info["results"]["adv_tgt_unscaled_with_pixel_weights"], rel=1e-5)


@parametrize(f"{FOLDER}/fada_backward*")
def test_gradients_through_the_discriminator(record):
    info, soft = record.info, record.tensors["a"]
    network = ClassDiscriminator(in_channels=info["input_nc"], num_classes=info["num_classes"], channels=info["ndf"])
    fill(record, network)
    seed = seed_of(info["inputs"])
    shape = record.tensors["adv_tgt.grad_feature"].shape
    passes = {"adv_tgt": (seed, SOURCE, 0.001), "D_src": (seed + 1, SOURCE, 0.5), "D_tgt": (seed, TARGET, 0.5)}
    for name, (own_seed, side, weight) in passes.items():
        network.zero_grad()
        features = rnd(own_seed, *shape).requires_grad_()
        loss = domain_cross_entropy(resize(network(features), info["size"], align_corners=True), soft, side).mean() * weight
        loss.backward()
        assert loss.item() == pytest.approx(info["results"][name], rel=1e-5), name
        expected = record.tensors[f"{name}.grad_feature"]
        assert_close(record, f"{name}.grad_feature", features.grad, atol=1e-4 * expected.abs().max().item())
        for key, parameter in network.named_parameters():
            largest = record.tensors[f"{name}.grad.{key}"].abs().max().item()
            assert_close(record, f"{name}.grad.{key}", parameter.grad, atol=1e-4 * largest)


# Keys


def networks_of(record: Record):
    """The network of a manifest, without memory."""
    name = record.path.stem.removeprefix("manifest_")
    with torch.device("meta"):
        if name.startswith("feature_extractor"):
            norm = {"type": "FrozenBN" if name.endswith("frozen") else "BN"}
            depth = int(next(part for part in name.split("_") if part[0] == "r" and part[1:].isdigit())[1:])
            return torch.nn.ModuleDict({"backbone": MODELS.build({**ENCODER, "depth": depth, "norm_cfg": norm})})
        entries = {key: shape for key, shape, _ in record.info["entries"]}
        if name.startswith("discriminator"):
            classes, channels = entries["cls1.weight"][0], entries["D.0.weight"][0]
            return ClassDiscriminator(in_channels=entries["D.0.weight"][1], num_classes=classes, channels=channels)
        modified = "head.1.weight" in entries
        first = entries["conv2d_list.0.0.weight" if modified else "conv2d_list.0.weight"]
        classes = entries["head.1.weight"][0] if modified else first[0]
        return MODELS.build({**HEADS["modified" if modified else "original"], "in_channels": first[1], "num_classes": classes})


@parametrize(f"{FOLDER}/manifest_*")
def test_keys(record):
    network, info = networks_of(record), record.info
    state = network.state_dict()
    assert len(state) == info["n_entries"]
    assert sum(parameter.numel() for parameter in network.parameters()) == info["n_params"]
    if "entries" in info:
        assert [[key, list(value.shape), str(value.dtype).removeprefix("torch.")] for key, value in state.items()] == info["entries"]
        assert [name for name, _ in network.named_parameters()] == info["parameters_order"]
        assert [name for name, _ in network.named_buffers()] == info["buffers"]


@parametrize(f"{FOLDER}/manifest_*", exclude="*feature_extractor*")
def test_initial_weights(record):
    """The spread of fresh weights is that of the published initialisation; of small tensors within what chance moves."""
    network = networks_of(record).to_empty(device="cpu")
    torch.manual_seed(0)
    network.init_weights()
    for key, (mean, std) in record.info["fresh_init_mean_std"].items():
        value = network.state_dict()[key]
        chance = 4 / value.numel() ** 0.5
        assert value.std(correction=0).item() == pytest.approx(std, rel=max(0.02, chance), abs=1e-7), key
        assert value.mean().item() == pytest.approx(mean, abs=2 * chance * std + 1e-7), key


def test_a_variance_near_zero_is_taken_as_it_is():
    one, zero = torch.ones(1), torch.zeros(1)
    multiplied = frozen_batch_norm(torch.ones(1, 1, 1, 1), one, zero, zero, torch.tensor([1e-6]))
    assert multiplied.item() == pytest.approx(1000, rel=1e-5)
