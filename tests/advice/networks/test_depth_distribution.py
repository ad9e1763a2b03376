"""Advice about depth distribution: its head, its data, its mixtures."""

import dataclasses

import pytest

from tests.advice.following import advice
from tests.advice.networks.parts import passed
from tests.models.networks import plain
from tests.models.uda.mixtures_file import mixtures
from tests.models.uda.test_methods import DEPTH_HEAD, batch, build, network, run_step

HEAD = {"type": "DepthDensityHead", "in_channels": 32, "channels": 6, "averaged": 3}


def test_a_level_that_there_is_not():
    (last,) = advice("Use an in_index from 0 to {}, and the in_channels of that level.", passed(plain(depth_head={**HEAD, "in_index": 4})))
    assert passed(plain(depth_head={**HEAD, "in_index": int(last)}))().geometry is not None


@pytest.mark.parametrize("head", [None, {**DEPTH_HEAD, "density": False}])
def test_a_network_that_does_not_predict_it(head):
    (lacking,) = advice(
        "The method in uda learns {}, which the network does not predict. Give model.depth_head=dict(type='DepthDensityHead', "
        "in_channels=C, density=True).",
        lambda: build("DepthDistribution", segmentor=network(depth_head=head)),
    )
    assert lacking == ("depth" if head is None else "density")
    assert build("DepthDistribution", segmentor=network(depth_head={**DEPTH_HEAD, "density": True}))


def test_mixtures_of_other_classes():
    def method(classes: tuple[str, ...]):
        return build("DepthDistribution", mixtures=mixtures(classes=classes))

    (said,) = advice("{}. Make it with the config of this training: tools/prepare/depth_distribution.py.", lambda: method(("road", "sky")))
    assert said.endswith("holds mixtures of 2 classes, and the network has 19")
    assert method(tuple(map(str, range(19))))


def test_a_source_without_depth(monkeypatch):
    without = dataclasses.replace(batch(), source_depth=None)

    def trained(method, crops):
        return run_step(method, monkeypatch, crops=crops)

    advice(
        "{}. Give train_dataloader.dataset.source.depth_dir, or leave uda.depth out.",
        lambda: trained(build("DACS", segmentor=network(depth_head=DEPTH_HEAD), depth={}), without),
    )
    assert trained(build("DACS", segmentor=network(depth_head=DEPTH_HEAD), depth={}), batch())
    assert trained(build("DACS"), without)


def test_options_that_are_given_twice():
    advice(
        "DepthDistribution has options of its own for mixtures and weights. Leave uda.depth out.",
        lambda: build("DepthDistribution", depth={"lambda_depth": 1.0}),
    )
    assert build("DepthDistribution", lambda_depth=1.0)


def test_a_density_without_mixtures():
    def objectives(**depth):
        method = build(
            "SourceOnly", segmentor=network(depth_head=DEPTH_HEAD), depth=depth, objectives={"density": {"type": "TargetDensity"}}
        )
        return method.objectives

    advice("TargetDensity needs mixtures, which uda.depth does not name. Give uda.depth.mixtures='FILE.npz'.", objectives)
    assert "density" in objectives(mixtures=mixtures())
