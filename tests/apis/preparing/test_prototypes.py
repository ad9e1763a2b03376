"""tools/prepare/prototypes.py: the rule by which prototypes are counted, and that its file says what it is made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.apis import init_model
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.prototype_picture import assignment_shares
from mmseg.apis.preparing.prototypes import Gathered, class_sums, gather, make_prototypes, parts_of, random_directions, summary
from mmseg.engine.checkpoints.checkpoint import save_checkpoint
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import images_digest
from mmseg.utils.products.prototype_file import Prototypes, read_prototype_header, read_prototypes
from tests.apis.data_config import data_config
from tests.models.networks import deeplab_head, hrda, tiny_encoder
from tools.prepare import prototypes as tool


def empty(classes: int, channels: int) -> Gathered:
    return Gathered(torch.zeros(classes, channels), torch.zeros(classes), torch.zeros(classes, dtype=torch.int64))


def test_sums_by_class():
    embedding = torch.arange(8.0).reshape(2, 2, 2)
    sums, pixels = class_sums(embedding, torch.tensor([[0, 2], [2, 2]]), 3)
    assert torch.equal(sums, torch.tensor([[0.0, 4.0], [0.0, 0.0], [6.0, 18.0]])) and pixels.tolist() == [1, 0, 3]


def test_every_image_counts_alike():
    """Spec, unit check 8: means (1, 0) of 10 pixels and (0, 1) of 1000 give (0.5, 0.5)."""
    gathered = empty(1, 2)
    gathered.add(torch.tensor([[10.0, 0.0]]), torch.tensor([10]))
    gathered.add(torch.tensor([[0.0, 1000.0]]), torch.tensor([1000]))
    assert torch.allclose(gathered.vectors, torch.tensor([[0.5, 0.5]])) and gathered.counts.tolist() == [2]


def test_few_pixels_give_no_vector():
    gathered = empty(2, 1)
    gathered.add(torch.tensor([[9.0], [10.0]]), torch.tensor([9, 10]))
    assert gathered.vectors.tolist() == [[0.0], [1.0]] and gathered.counts.tolist() == [0, 1]


def test_the_count_stops_at_3000():
    """Spec, unit check 9."""
    gathered = Gathered(torch.tensor([[2.0]]), torch.tensor([3000.0]), torch.zeros(1, dtype=torch.int64))
    gathered.add(torch.tensor([[50.0]]), torch.tensor([10]))
    assert gathered.counts.tolist() == [3000] and gathered.vectors.item() == pytest.approx((3000 * 2 + 5) / 3001)


@pytest.fixture(scope="module")
def trained(tiny_data, tmp_path_factory):
    """(config, checkpoint) of a network that knows nothing."""
    return with_checkpoint(data_config(tiny_data), tmp_path_factory.mktemp("run") / "latest.pth")


def with_checkpoint(cfg, path):
    method = init_model(cfg)
    save_checkpoint(path, {"state_dict": {f"model.{key}": value for key, value in method.model.state_dict().items()}})
    return cfg, path


def test_what_is_gathered_of_images(trained):
    cfg, path = trained
    method, dataset = init_model(cfg, path), images_of(cfg, "target")
    method.model.test_cfg = {"mode": "whole"}
    gathered = gather(cfg, method, dataset, passes=1, keep=True)
    expected, pixels = [[] for _ in range(19)], torch.zeros(19, dtype=torch.int64)
    with torch.no_grad():
        for index in range(len(dataset)):
            output = method.model.segment(method.data_preprocessor.image(dataset[index]["image"][None]))
            embedding = output.embedding[0]
            label = torch.nn.functional.interpolate(output.logits, size=embedding.shape[1:], mode="bilinear")[0].argmax(0)
            for number in range(19):
                mask = label == number
                pixels[number] += mask.sum()
                if mask.sum() >= 10:
                    expected[number].append(embedding[:, mask].mean(1))
    assert gathered.counts.tolist() == [len(vectors) for vectors in expected]
    assert torch.equal(gathered.pixels, pixels) and pixels.sum() > 0
    for number, vectors in enumerate(expected):
        mean = torch.stack(vectors).mean(0) if vectors else torch.zeros(embedding.shape[0])
        assert torch.allclose(gathered.vectors[number], mean, atol=1e-5)
    assert all(samples.shape[1] == embedding.shape[0] for samples in gathered.samples)


def test_more_passes_count_again_and_keep_the_shares(trained):
    cfg, path = trained
    method, dataset = init_model(cfg, path), images_of(cfg, "target")
    once, twice = (gather(cfg, method, dataset, passes=passes) for passes in (1, 2))
    assert torch.equal(twice.counts, 2 * once.counts) and torch.equal(twice.pixels, once.pixels)
    assert torch.allclose(twice.vectors, once.vectors, atol=1e-6)


def test_windows_of_a_sliding_evaluation_do_not_overlap(trained):
    method = init_model(trained[0])
    method.model.test_cfg = {"mode": "slide", "crop_size": (16, 32), "stride": (8, 16)}
    assert [part.shape[2:] for part in parts_of(method, torch.zeros(1, 3, 32, 64))] == [(16, 32)] * 4
    method.model.test_cfg = {"mode": "whole"}
    assert [part.shape[2:] for part in parts_of(method, torch.zeros(1, 3, 32, 64))] == [(32, 64)]


def test_the_context_of_hrda(tiny_data, tmp_path):
    cfg = data_config(tiny_data)
    cfg.model = hrda(num_classes=19, hr_crop_size=(32, 32))
    cfg, path = with_checkpoint(cfg, tmp_path / "latest.pth")
    gathered = gather(cfg, init_model(cfg, path), images_of(cfg, "target"), passes=1)
    assert gathered.vectors.shape == (19, 8) and gathered.counts.sum() > 0


def test_a_decoder_without_an_embedding(tiny_data):
    cfg = data_config(tiny_data)
    cfg.model = {
        "type": "EncoderDecoder",
        "backbone": {"type": "MixVisionTransformer", **tiny_encoder()},
        "decode_head": deeplab_head(num_classes=19),
    }
    with pytest.raises(UserError, match=r"DLV2Head has no map before its classifier.*Use a network with one"):
        gather(cfg, init_model(cfg), images_of(cfg, "target"), passes=1)


def test_classes_without_a_prototype_are_named():
    prototypes = Prototypes(torch.eye(3), torch.tensor([5, 0, 0]), torch.tensor([97, 3, 0]))
    lines = summary(prototypes, ["road", "pole", "train"])
    assert lines[0] == "road             97.000 % of the predicted pixels, prototype of 5 images"
    assert lines[3:] == [
        "Never predicted, so without a prototype, and nothing is assigned to it: train.",
        "Nowhere 10 pixels in one image, so without a prototype: pole.",
    ]


def test_random_directions_belong_to_the_seed():
    first, same, other = (random_directions(torch.zeros(3, 8), seed) for seed in (0, 0, 1))
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert torch.allclose(first.norm(dim=1), torch.ones(3)) and first.dtype == torch.float32


def test_no_prototype_at_all(trained):
    cfg, path = trained
    with pytest.raises(UserError, match="No image shows 10 pixels of any class"):
        make_prototypes(init_model(cfg, path), empty(19, 8), path, ["a"], settings={}, command="a test")


def test_nothing_is_assigned_where_there_is_no_prototype():
    prototypes = Prototypes(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), torch.tensor([1, 1, 0]), torch.tensor([50, 45, 5]))
    shares, label = assignment_shares(torch.tensor([[1.0, 0.1], [0.9, 0.0], [1.0, 0.3], [0.8, 0.5]]), prototypes)
    assert shares["nearest prototype"].tolist() == [1, 0, 0]
    assert shares["balanced assignment"][2] == 0 and shares["balanced assignment"][1] > 0.25
    assert set(label.tolist()) <= {0, 1}


def test_the_command(trained, tmp_path, works):
    cfg, path = trained
    cfg.dump(str(tmp_path / "config.py"))
    out, picture = tmp_path / "prototypes.npz", tmp_path / "prototypes.png"
    printed = works(tool.main, tmp_path / "config.py", path, "--out", out, "--picture", picture, "--device", "cpu")
    read = read_prototypes(out, num_classes=19)
    header = read_prototype_header(out)
    assert header["images"] == len(images_of(cfg, "target")) and header["images_digest"] == images_digest(
        images_of(cfg, "target").images.names
    )
    assert header["settings"] == {"passes": 1, "weights": "model", "random": False}
    assert header["made_by"].startswith("python tools/prepare/prototypes.py")
    assert read.counts.sum() > 0 and np.isclose(read.distribution.sum(), 1)
    assert picture.stat().st_size > 10_000
    assert f"Prototypes of {header['images']} images: {out}" in printed
