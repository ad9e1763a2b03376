"""Who started a process, how many fit on a machine, and who speaks when something goes wrong."""

import contextlib

import pytest
import torch
from mmengine.config import Config

from mmseg.engine import distributed
from mmseg.engine.batch_norm import check_sync_batchnorm
from mmseg.engine.distributed import LOST, found_launcher, join_processes, one_voice
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from tests.models import networks


def test_torchrun_is_found(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("RANK", "0")  # a scheduler may set it, too
    assert found_launcher() == "none"
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "abc")
    assert found_launcher() == "pytorch"


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    with pytest.raises(UserError, match="4 processes were started for the 2 GPUs of this machine"):
        join_processes("pytorch", "nccl")


def test_processes_look_at_the_same_detail_box_with_other_dropout(monkeypatch):
    method = MODELS.build({"type": "SourceOnly", "segmentor": networks.hrda(dropout_ratio=0.5, norm_cfg=None)}).train()
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    batch = UDABatch(image, torch.zeros(2, 64, 64, dtype=torch.int64), source_classes=(0,))
    outputs = []
    for rank in (0, 0, 1):
        monkeypatch.setattr("mmseg.models.uda.base.get_rank", lambda rank=rank: rank)
        outputs.append(method.context(batch, 7).forward(image, "source"))
    assert len({output.view("detail").box for output in outputs}) == 1
    assert torch.equal(outputs[0].logits, outputs[1].logits) and not torch.equal(outputs[0].logits, outputs[2].logits)


@pytest.mark.parametrize(("options", "refused"), [
    ({}, None),
    ({"sync_batchnorm": True}, None),  # one process
    ({"sync_batchnorm": False, "launcher": "pytorch"}, None),
    ({"sync_batchnorm": True, "launcher": "pytorch"}, "needs GPUs"),
    ({"sync_batchnorm": "yes"}, "Use True or False"),
])  # fmt: skip
def test_who_may_synchronise_batch_norm(monkeypatch, options, refused):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=refused) if refused else contextlib.nullcontext():
        check_sync_batchnorm(Config(options))


def said(monkeypatch, rank: int, error: Exception) -> str:
    monkeypatch.setattr(distributed, "PATIENCE", 0)
    monkeypatch.setattr(distributed, "DYING", 0)
    monkeypatch.setenv("RANK", str(rank))
    with pytest.raises(UserError) as raised, one_voice("pytorch", {}):
        raise error
    return str(raised.value)


def test_an_error_names_its_process(monkeypatch):
    mistake = UserError("image 7 is broken. Mend it.")
    assert said(monkeypatch, 0, mistake) == "image 7 is broken. Mend it."
    assert said(monkeypatch, 3, mistake) == "Process 3: image 7 is broken. Mend it."


def test_the_others_wait_for_the_first(monkeypatch):
    waited = []
    monkeypatch.setattr(distributed.time, "sleep", waited.append)
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(UserError), one_voice("pytorch", {}):
        raise UserError("no data. Mend it.")
    assert waited == [distributed.PATIENCE]


@pytest.mark.parametrize(
    "error", [RuntimeError("[gloo/transport/tcp/pair.cc:535] Connection closed by peer"), torch.distributed.DistBackendError("NCCL error")]
)
def test_a_process_that_has_lost_another_says_so(monkeypatch, error):
    assert said(monkeypatch, 0, error) == LOST


def test_our_own_mistakes_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shape mismatch"), one_voice("none", {}):
        raise RuntimeError("shape mismatch")
