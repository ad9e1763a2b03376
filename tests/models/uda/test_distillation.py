"""A student of a frozen teacher: what the teacher sees, what counts, and what the state knows of it."""

import pytest
import torch

from mmseg.models.uda import UDAMethod
from mmseg.models.uda.pseudo_labels.frozen_teacher import FrozenTeacher
from mmseg.utils.errors import UserError
from tests.models import networks
from tests.models.uda.test_methods import batch, build, run_step, taught


def teacher(**options) -> UDAMethod:
    """A small network of 5 classes, ready to predict."""
    method = UDAMethod(segmentor=networks.plain(**options.pop("segmentor", {})), **options)
    method.init_weights()
    return method.eval()


def plain() -> dict:
    """A small network of 19 classes with one view."""
    model = networks.plain()
    return {**model, "decode_head": {**model["decode_head"], "num_classes": 19}}


def images() -> torch.Tensor:
    """Raw values [2, 3, 64, 64] of 0..255."""
    return torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.mark.parametrize("statistics", [{}, {"mean": (127.0, 127.0, 127.0), "std": (128.0, 128.0, 128.0)}])
def test_it_sees_images_in_its_own_normalisation(statistics):
    own = teacher(data_preprocessor={"type": "SegDataPreprocessor", **statistics})
    student = teacher().data_preprocessor
    given = FrozenTeacher(own, student)
    assert given.same == (not statistics)
    (alone,) = own.looks(images())
    assert torch.allclose(given.logits(student.image(images())), alone.detach(), atol=1e-4)


def test_it_looks_through_its_own_windows_and_at_mirror_images():
    windows = {"mode": "slide", "crop_size": (32, 48), "stride": (16, 24)}
    own = teacher(segmentor={"test_cfg": windows})
    image = own.data_preprocessor.image(images())
    given = FrozenTeacher(own, own.data_preprocessor)
    assert torch.equal(given.logits(image), own.model.inference(image).detach())
    assert not torch.allclose(given.logits(image), own.model.encode_decode(image).detach(), atol=1e-3)
    own.model.test_cfg["flip"] = True
    both = [own.model.inference(look).softmax(dim=1).detach() for look in (image, image.flip(3))]
    assert torch.allclose(given.logits(image).softmax(dim=1), (both[0] + both[1].flip(3)) / 2, atol=1e-6)


def test_it_gets_no_gradient_and_stays_as_it_is(monkeypatch):
    method = build("Distillation")
    network = method.distilled.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    logs = run_step(method, monkeypatch)
    assert {"target.loss_distillation", "target.agreement", "decode.loss_seg"} <= logs.keys()
    assert not network.training and all(parameter.grad is None for parameter in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any("network" in name and name.startswith("distilled.") for name in method.state_dict()), "no state holds the teacher"


def test_a_student_like_its_teacher_learns_nothing_from_it(monkeypatch):
    method = build("Distillation", objectives={"source": None}, segmentor=plain())
    own = UDAMethod(segmentor=plain())
    own.model.load_state_dict(method.model.state_dict())
    method.learn_from(own, "00" * 32)
    method.model.eval()  # as its teacher: without statistics of the batch
    logs = run_step(method, monkeypatch)
    assert logs["target.loss_distillation"].item() == pytest.approx(0, abs=1e-6) and logs["target.agreement"] == 100
    assert max(parameter.grad.abs().max() for parameter in method.model.parameters()) < 1e-6


def test_pixels_in_the_margins_of_the_target_do_not_count(monkeypatch):
    method = build("Distillation", objectives={"source": None})
    nothing = run_step(method, monkeypatch, crops=batch(torch.zeros(2, 64, 64, dtype=torch.uint8)))
    assert nothing["target.loss_distillation"] == 0
    assert run_step(method, monkeypatch, crops=batch(torch.ones(2, 64, 64, dtype=torch.uint8)))["target.loss_distillation"] > 0


def test_a_student_comes_closer_to_its_teacher(monkeypatch):
    method = build("Distillation", objectives={"source": None})
    losses = [run_step(method, monkeypatch)["target.loss_distillation"].item() for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


def test_weight_and_temperature(monkeypatch):
    def loss(**options) -> float:
        return run_step(build("Distillation", **options), monkeypatch)["target.loss_distillation"].item()

    assert loss(lambda_distillation=2.0) == pytest.approx(2 * loss(), rel=1e-5)
    assert loss(temperature=2.0) != pytest.approx(loss(), rel=1e-3)


def test_the_state_of_another_teacher_is_refused():
    method, other = build("Distillation"), build("Distillation")
    method.load_state_dict(other.state_dict())
    other.learn_from(taught(), "ab" * 32)
    with pytest.raises(UserError, match="is another one than that of the state"):
        method.load_state_dict(other.state_dict())
