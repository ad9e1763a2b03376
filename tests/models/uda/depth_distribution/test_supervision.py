"""Depth and density as losses: units, unknown depth, places, pseudo-labels, and methods that take them."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from mmseg.models.uda.depth_distribution.maps import at_map, inverse_depth, learned_depth
from mmseg.models.uda.depth_distribution.mixtures import Mixtures
from mmseg.models.uda.depth_distribution.options import check_mixtures
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision
from mmseg.models.uda.step import StepContext
from mmseg.structures import Box, CropPlace, Geometry, SegOutput, UDABatch, View, full_box
from mmseg.utils.errors import UserError
from mmseg.utils.products.mixture_file import MixtureParameters, read_mixtures
from mmseg.utils.randomness import Streams
from tests.models.uda.mixtures_file import mixtures, write
from tests.models.uda.test_methods import DEPTH_HEAD, batch, build, network, run_step

SIDE = 8


def step_of(**changes) -> StepContext:
    label = torch.zeros(1, SIDE, SIDE, dtype=torch.long)
    image = torch.zeros(1, 3, SIDE, SIDE)
    crops = UDABatch(image, label, image, source_depth=torch.full((1, SIDE, SIDE), 100.0), source_classes=(0,))
    crops = dataclasses.replace(crops, **changes)
    return StepContext(batch=crops, iteration=0, streams=Streams(0, 0), student=None, imnet=None, discriminator=None)


def output_of(depth: torch.Tensor, density: torch.Tensor, classes: int = 0) -> SegOutput:
    """A pass that predicts one class everywhere."""
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, classes] = 1
    view = View("full", torch.zeros(1, 3, SIDE, SIDE), 1, full_box(SIDE, SIDE), (), logits)
    return SegOutput(logits, (view,), geometry=Geometry(depth, density))


def supervision(units="raw", of: Mixtures | None = None, **weights) -> GeometrySupervision:
    weights = {"lambda_depth": 1.0, "lambda_density": 1.0, "lambda_target": 1.0, **weights}
    return GeometrySupervision(mixtures=of, units=units, **weights)


def flat(units: str) -> Mixtures:
    """Three classes of which each is likely at z = 100 in the middle of the image."""
    mean = {"raw": [4.0, 4.0, 100.0], "normalized": [0.5, 0.5, math.log(100)]}[units]
    parameters = (torch.tensor(mean).repeat(3, 1, 1), torch.full((3, 1, 3), 0.02), torch.ones(3, 1))
    return Mixtures(MixtureParameters(*parameters, units=units, grid=(SIDE, SIDE)))


def test_units():
    z = torch.tensor([0.0, 1.0, math.e, 65536.0])
    assert torch.equal(learned_depth(z, "raw"), z)
    assert torch.allclose(learned_depth(z, "normalized"), torch.tensor([0.0, 0.0, 1.0, math.log(65536)]))
    assert torch.allclose(inverse_depth(torch.tensor([-5.0, 1.0, 50.0]), "normalized"), torch.tensor([1.0, math.e, 65536.0]))
    assert torch.equal(inverse_depth(torch.tensor([-5.0]), "raw"), torch.tensor([-5.0]))


def test_nearest_pixels():
    values = torch.arange(12).view(1, 3, 4)
    assert at_map(values, (3, 4)).equal(values)
    assert at_map(values, (1, 2)).tolist() == [[[5, 7]]]


@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_a_perfect_depth_costs_nothing(units):
    known = learned_depth(torch.full((1, 1, 4, 4), 100.0), units)
    step = step_of()
    loss = supervision(units).source(step, output_of(known, None), step.batch.source_label)
    assert loss == 0 and step.logs.keys() == {"depth.loss_source"}


def test_unknown_depth_does_not_count():
    depth = torch.full((1, SIDE, SIDE), 100.0)
    depth[:, :, SIDE // 2 :] = 0
    predicted = torch.full((1, 1, SIDE, SIDE), 100.0)
    predicted[..., SIDE // 2 :] = 7e4
    step = step_of(source_depth=depth)
    assert supervision().source(step, output_of(predicted, None), step.batch.source_label) == 0


@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_density_of_the_source(units):
    """Highest in the middle; in the scale of the units. A class that is predicted wrongly has z = 0, where nothing is likely."""
    known = learned_depth(torch.full((1, 1, 4, 4), 100.0), units)
    density = torch.zeros(1, 1, 4, 4, requires_grad=True)
    made = supervision(units, flat("normalized"))
    step = step_of()
    loss = made.source(step, output_of(known, density), step.batch.source_label)
    loss.backward()
    assert loss > 0 and density.grad.abs().sum() > 0
    assert (loss.item() > 10) == (units == "raw")
    wrong = made.source(step_of(), output_of(known, torch.zeros(1, 1, 4, 4), classes=1), step.batch.source_label)
    assert wrong == 0


def test_density_of_the_target_at_the_predicted_depth():
    """No gradient reaches the depth, and pixels that do not count cost nothing."""
    made = supervision("normalized", flat("normalized"))
    depth = torch.full((1, 1, 4, 4), math.log(100)).requires_grad_()
    density = torch.zeros(1, 1, 4, 4, requires_grad=True)
    classes = torch.zeros(1, 4, 4, dtype=torch.long)
    made.target(step_of(), Geometry(depth, density), classes).backward()
    assert depth.grad is None and density.grad.abs().sum() > 0
    far = made.target(step_of(), Geometry(depth * 0, density.detach()), classes)
    assert far < 1e-6
    assert made.target(step_of(), Geometry(depth, density), classes, torch.zeros(1, 4, 4, dtype=torch.bool)) == 0
    assert supervision("normalized").target(step_of(), Geometry(depth, density), classes) == 0


def test_places_are_those_of_the_whole_image():
    """A crop of the left half, mirrored: what is in the middle of the image lies at its left edge."""
    place = CropPlace(native=(8, 16), resized=(8, 16), box=Box(0, 8, 0, 8), crop=(8, 8), flipped=True)
    made = supervision("normalized", flat("normalized"))
    depth, classes = torch.full((1, 1, 8, 8), math.log(100)), torch.zeros(1, 8, 8, dtype=torch.long)
    columns = {}
    for name, given in {"crop": (place,), "whole": None}.items():
        density = torch.zeros(1, 1, 8, 8, requires_grad=True)
        made.target(step_of(target_place=given), Geometry(depth, density), classes).backward()
        columns[name] = density.grad[0, 0].abs().sum(dim=0)
    assert columns["crop"].argmax() == 0 and columns["whole"].argmax() in (3, 4)


def test_data_without_depth():
    step = step_of(source_depth=None)
    with pytest.raises(UserError, match="the training data has none"):
        supervision().source(step, output_of(torch.zeros(1, 1, 4, 4), None), step.batch.source_label)


def with_depth(**options) -> dict:
    return {"segmentor": network(depth_head=DEPTH_HEAD), "depth": {"mixtures": mixtures("normalized"), **options}}


@pytest.mark.parametrize("name", ["DACS", "SourceOnly", "AdvEnt"])
def test_any_method_learns_geometry(name, monkeypatch):
    """Every weight gets a gradient; with a teacher the target's density follows its labels, with a discriminator the network's own."""
    method = build(name, **with_depth())
    logs = run_step(method, monkeypatch)
    on_target = "density.loss_target" in logs
    assert on_target == (name != "SourceOnly") and all(value.isfinite() for value in logs.values())
    assert ("density" in method.objectives) == (name == "DACS")
    assert all(parameter.grad is not None for parameter in method.model.depth_head.parameters())
    assert not any("mixtures" in key for key in method.state_dict())


def test_the_target_without_a_teacher(monkeypatch):
    """Its density is that of the network's own classes; without mixtures there is nothing to learn, and that is said."""
    logs = run_step(build("SourceOnly", **with_depth(), objectives={"density": {"type": "TargetDensity"}}), monkeypatch)
    assert logs["density.loss_target"] > 0
    with pytest.raises(UserError, match="TargetDensity needs a geometry, which SourceOnly does not have"):
        assert build("SourceOnly", objectives={"density": {"type": "TargetDensity"}}).objectives


def test_depth_alone(monkeypatch):
    head = {**DEPTH_HEAD, "density": False}
    method = build("DACS", segmentor=network(depth_head=head), depth={})
    logs = run_step(method, monkeypatch)
    assert "depth.loss_source" in logs and not any(name.startswith("density.") for name in logs)


def test_the_discriminator_of_depth_alone_looks_at_self_information(monkeypatch):
    method = build("DepthDistribution", mixtures=None)
    assert not method.model_D.density and "density.loss_source" not in run_step(method, monkeypatch)
    assert build("DepthDistribution").model_D.density


def test_other_draws_stay_as_they_are(monkeypatch):
    """A method with depth mixes the same images as without."""
    plain = run_step(build("DACS"), monkeypatch, 7).records
    with_geometry = run_step(build("DACS", **with_depth()), monkeypatch, 7).records
    assert torch.equal(plain["mixed_image"], with_geometry["mixed_image"])


def test_pseudo_labels_without_weight_do_not_count(monkeypatch):
    method = build("DACS", **with_depth())
    crops = batch(torch.zeros(2, 64, 64, dtype=torch.uint8))
    assert run_step(method, monkeypatch, crops=crops)["density.loss_target"] == 0


def test_the_mixtures_of_tests():
    assert read_mixtures(mixtures()).units == "raw"


@pytest.mark.parametrize("uda", [{"mixtures": "FILE"}, {"depth": {"mixtures": "FILE"}}])
def test_mixtures_of_other_classes(uda, tmp_path):
    """Names are compared before anything is built; a method that names no file has nothing to compare."""
    path = write(tmp_path / "mixtures.npz", ("road", "sky"), "raw")
    named = {key: path if value == "FILE" else {"mixtures": path} for key, value in uda.items()}
    check_mixtures(named, ("road", "sky"))
    with pytest.raises(UserError, match="is made for other classes: number 0 is 'road' there, and 'sky' is needed"):
        check_mixtures(named, ("sky", "road"))
    check_mixtures({"depth": None}, ("a",))
    check_mixtures({"depth": {"mixtures": None}}, ("a",))
