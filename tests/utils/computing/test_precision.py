"""The option 'precision': its names, what each switches, and that a training's identity knows it."""

import pytest
import torch

from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.utils.computing.float32 import at_least_float32, use_real_float32
from mmseg.utils.computing.precision import AUTOCAST, Precision
from mmseg.utils.errors import UserError
from tests import tiny

CONFIG = tiny.ROOT / tiny.CONFIG


@pytest.fixture
def torch_defaults():
    """The switches of TF32 as torch sets them; set back afterwards."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32, cudnn.allow_tf32 = False, True
    yield
    matmul.allow_tf32, cudnn.allow_tf32 = before


def switches() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


ALL = "Use one of fp32, tf32, bf16, fp16."


@pytest.mark.parametrize(("name", "fix"), [("bf61", "Did you mean 'bf16'?"), ("half", ALL), ([16], ALL)])
def test_another_name_is_one_line(name, fix):
    with pytest.raises(UserError) as caught:
        load_config(CONFIG, {"precision": name})
    assert str(caught.value) == f"{CONFIG}: precision={name!r} is not known. {fix}"


@pytest.mark.parametrize("name", AUTOCAST)
def test_kernels_of_a_step_and_after_it(name, torch_defaults):
    with pytest.raises(ZeroDivisionError), Precision(name).kernels():
        assert switches() == ((True, True) if name == "tf32" else (False, False))
        raise ZeroDivisionError
    assert switches() == (False, True)


def test_outside_of_a_step_float32_is_float32(torch_defaults):
    use_real_float32()
    assert switches() == (False, False)
    with Precision("tf32").kernels():
        assert switches() == (True, True)
    assert switches() == (False, False)


@pytest.mark.parametrize("name", AUTOCAST)
def test_autocast_of_the_forward_passes(name):
    image, weight = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
    with Precision(name).autocast("cpu"):
        assert torch.nn.functional.conv2d(image, weight).dtype == (Precision(name).dtype or torch.float32)
    assert torch.nn.functional.conv2d(image, weight).dtype == torch.float32
    assert Precision(name).scales_losses == (name == "fp16")


@pytest.mark.parametrize(
    ("dtype", "result"),
    [(torch.bfloat16, torch.float32), (torch.float16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)],
)
def test_at_least_float32(dtype, result):
    tensor = torch.ones(2, dtype=dtype)
    assert at_least_float32(tensor).dtype == result
    assert (at_least_float32(tensor) is tensor) == (dtype == result)


def test_the_digest_knows_the_precision_and_that_fp32_is_the_default():
    digests = {name: digest(load_config(CONFIG, {"precision": name})) for name in AUTOCAST}
    assert len(set(digests.values())) == 4
    assert digests["fp32"] == digest(load_config(CONFIG))
    assert load_config(CONFIG, {"precision": "bf16"}).precision == "bf16"
