"""What each method computes, on tensors whose result is known."""

import copy

import pytest
import torch
from torch import nn

from mmseg.models.losses.entropy import entropy_loss
from mmseg.models.test_time import build_online
from mmseg.models.test_time.cotta import RATIOS, AveragingTeacher, averaged_probabilities, mean_confidence, restore_weights
from mmseg.models.test_time.frame_statistics import FrameStatistics, moments, pooled
from mmseg.models.test_time.tent import affine_parameters
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.models.test_time.streams import images, moved, network, state, without_norms


def entropy(method, image) -> float:
    with torch.no_grad():
        return float(entropy_loss(method(image).softmax(dim=1)))


def test_a_step_of_tent_lowers_the_entropy_of_its_image():
    changed, image = network(), images(1)[0]
    before, tensors = entropy(changed, image), state(changed)
    build_online("tent", changed, lr=1e-3, share=0.0).adapt(image, 0)
    assert entropy(changed, image) < before
    norms = {
        f"{name}.{key}" for name, module in changed.model.named_modules() if "Norm" in type(module).__name__ for key in ("weight", "bias")
    }
    assert moved(changed, tensors) <= norms and len(affine_parameters(changed.model)) == len(norms)


def test_statistics_are_those_of_the_source_and_of_a_moving_mean():
    layer = nn.BatchNorm2d(2).eval()
    layer.running_mean.copy_(torch.tensor([1.0, -1.0]))
    layer.running_var.copy_(torch.tensor([4.0, 9.0]))
    statistics = FrameStatistics(layer, share=0.25, momentum=0.1)
    first, second = torch.tensor([[0.0, 2.0], [3.0, 7.0]]), torch.tensor([[4.0, 4.0], [1.0, 5.0]])  # channels in rows
    for values in (first, second):
        with statistics.following():
            layer(values.view(1, 2, 1, 2))
    mean, variance = torch.tensor([0.9 * 1 + 0.1 * 4, 0.9 * 5 + 0.1 * 3]), torch.tensor([0.9 * 1 + 0.1 * 0, 0.9 * 4 + 0.1 * 4])
    torch.testing.assert_close(layer.running_mean, 0.75 * torch.tensor([1.0, -1.0]) + 0.25 * mean)
    torch.testing.assert_close(layer.running_var, 0.75 * torch.tensor([4.0, 9.0]) + 0.25 * variance)


def test_several_passes_count_as_one():
    values = torch.randn(2, 3, 5, 4)
    mean, variance = pooled([moments(values[:, :, :2]), moments(values[:, :, 2:3]), moments(values[:, :, 3:])])
    torch.testing.assert_close(mean, values.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(variance, values.var(dim=(0, 2, 3), correction=0))


def test_bn_moves_statistics_alone_and_a_share_of_0_leaves_them():
    changed = network()
    before = state(changed)
    build_online("bn", changed).adapt(images(1)[0], 0)
    assert {name.rpartition(".")[2] for name in moved(changed, before)} == {"running_mean", "running_var"}
    build_online("bn", left := network(), share=0.0).adapt(images(1)[0], 0)
    assert not moved(left, before)


def test_a_share_of_1_normalises_the_image_by_itself():
    changed, image = network(), images(1)[0]
    build_online("bn", changed, share=1.0).adapt(image, 0)
    first = next(module for module in changed.model.modules() if isinstance(module, nn.BatchNorm2d))
    seen = []
    first.register_forward_hook(lambda _, inputs, output: seen.append(inputs[0].detach()))
    changed(image)
    torch.testing.assert_close(first.running_mean, seen[0].mean(dim=(0, 2, 3)))


@pytest.mark.parametrize(("probability", "share"), [(0.0, 0.0), (1.0, 1.0), (0.3, 0.3)])
def test_so_many_weights_are_restored(probability, share):
    parameters, source = [nn.Parameter(torch.ones(100, 50)), nn.Parameter(torch.ones(50))], [torch.zeros(100, 50), torch.zeros(50)]
    restore_weights(parameters, source, probability, Streams(0, 4))
    found = float((torch.cat([parameter.detach().flatten() for parameter in parameters]) == 0).float().mean())
    assert found == share if share in (0, 1) else found == pytest.approx(share, abs=0.03)
    again = [nn.Parameter(torch.ones(100, 50)), nn.Parameter(torch.ones(50))]
    restore_weights(again, source, probability, Streams(0, 4))
    assert all(map(torch.equal, parameters, again))


def test_a_student_that_is_restored_whole_leaves_the_teacher_near_the_source():
    changed = network()
    before, method = state(changed), build_online("cotta", changed, restore=1.0, alpha=1.0, lr=1e-2)
    for index, image in enumerate(images()):
        method.adapt(image, index)
    assert not moved(changed, before)
    assert all(map(torch.equal, method.student.state_dict().values(), before.values()))


def test_the_teacher_follows_the_student():
    changed = network()
    before, method = state(changed), build_online("cotta", changed, restore=0.0, alpha=0.75, lr=1e-2)
    method.adapt(images(1)[0], 0)
    for name, parameter in method.student.named_parameters():
        torch.testing.assert_close(changed.model.get_parameter(name), 0.75 * before[name] + 0.25 * parameter)


def test_the_threshold_decides_whether_looks_are_averaged():
    model, image = network().model, images(1)[0]
    assert 0.2 < mean_confidence(model, image) < 1
    plain = AveragingTeacher(model, model, 0.0).logits(image)
    assert torch.equal(plain, model.inference(image))
    averaged = AveragingTeacher(model, model, 1.0).logits(image)
    torch.testing.assert_close(averaged.softmax(dim=1), averaged_probabilities(model, image))
    assert not torch.equal(averaged.softmax(dim=1), plain.softmax(dim=1)) and len(RATIOS) == 7


def test_averaging_knows_what_is_left_and_right():
    class Brightness(nn.Module):
        """Says of every pixel whether it is bright."""

        def inference(self, image):
            return torch.cat([image[:, :1], -image[:, :1]], dim=1) * 50

        def enlarge(self, logits, size):
            return nn.functional.interpolate(logits, tuple(size), mode="bilinear")

    image = torch.ones(1, 3, 32, 32)
    image[..., :16] = -1
    found = averaged_probabilities(Brightness(), image)[0, 0]
    assert (found[:, :12] < 0.01).all() and (found[:, 20:] > 0.99).all()


def test_mic_learns_what_its_teacher_says_unmasked():
    changed = network()
    method = build_online("mic", changed, lr=1e-3, threshold=0.0, alpha=0.5)
    before = copy.deepcopy(changed.model.state_dict())
    method.adapt(images(1)[0], 0)
    for name, parameter in method.teacher.network.named_parameters():
        torch.testing.assert_close(parameter, (before[name] + changed.model.get_parameter(name)) / 2)
    unsure = network()  # nothing reaches a threshold of 1, so that the loss has no weight
    build_online("mic", unsure, threshold=1.0).adapt(images(1)[0], 0)
    assert not moved(unsure, before)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bn", "The method bn moves the statistics of batch normalisation, of which this network has none. Use mic or cotta."),
        ("tent", "The method tent trains scales and shifts of normalisation layers, of which this network has none. Use mic or cotta."),
    ],
)
def test_networks_without_normalisation(name, said):
    with pytest.raises(UserError) as error:
        build_online(name, network(without_norms()))
    assert str(error.value) == said
