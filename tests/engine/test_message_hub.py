"""Logged values: the same as those of mmengine's hub, whenever they are read, and read only then."""

import pytest
import torch
from mmengine.logging import MessageHub

from mmseg.engine.message_hub import LOG_WINDOW, NUMBERS, DeferredMessageHub, read_together


def histories(hub: MessageHub) -> dict[str, tuple]:
    """By name, in order: what a log line is made of, and the values that a state keeps."""
    return {
        name: (buffer.mean(LOG_WINDOW), buffer.current(), type(buffer.current()), buffer.data[0][-LOG_WINDOW:].tolist())
        for name, buffer in hub.log_scalars.items()
    }


@pytest.mark.parametrize("interval", [1, 3, 17, 40])
def test_logs_what_the_engine_logs_however_rarely_it_is_read(interval):
    values = torch.rand(40, generator=torch.Generator().manual_seed(0))
    ours, theirs = DeferredMessageHub(f"ours {interval}"), MessageHub(f"theirs {interval}")
    for index, value in enumerate(values):
        for hub in (ours, theirs):
            hub.update_scalar("train/lr", index / 7)
            hub.update_scalar("train/loss", value)
            hub.update_scalar("train/cells", torch.tensor(index))
            if index > 4:
                hub.update_scalar("train/late", value.double())
            hub.update_scalar("train/time", index / 3)
        if (index + 1) % interval == 0:
            assert histories(ours) == histories(theirs)
            assert list(histories(ours)) == list(histories(theirs))  # the order of the log


def test_goes_on_with_the_values_of_a_state():
    """A resume hands the saved values over as numbers; the window spans them and the tensors that follow."""
    hub = DeferredMessageHub("resumed")
    for value in (1.0, 2.0):
        hub.update_scalar("train/loss", value)
    hub.update_scalar("train/loss", torch.tensor(6.0))
    assert hub.log_scalars["train/loss"].mean(LOG_WINDOW) == 3.0


def test_numbers_of_the_timer_are_read_without_the_tensors():
    hub = DeferredMessageHub("timer")
    hub.update_scalar("train/loss", torch.tensor(1.0))
    hub.update_scalar("train/time", 0.5)
    assert hub.get_scalar("train/time").current() == 0.5
    assert len(hub.unread["train/loss"]) == 1
    assert hub.get_scalar("train/loss").current() == 1.0
    assert not hub.unread


def test_unread_tensors_are_as_few_as_the_log_shows():
    hub = DeferredMessageHub("bounded")
    for value in torch.arange(100.0).requires_grad_():
        hub.update_scalar("train/loss", value)
    assert [scalar.item() for scalar in hub.unread["train/loss"]] == list(range(100 - LOG_WINDOW, 100))
    assert not any(scalar.requires_grad for scalar in hub.unread["train/loss"])


def test_kinds_of_numbers_survive_being_read_together():
    made = read_together({"loss": [torch.tensor(0.5), torch.tensor(float("nan"))], "cells": [torch.tensor(3)]})
    assert made["cells"] == [3] and isinstance(made["cells"][0], int)
    assert made["loss"][0] == 0.5 and made["loss"][1] != made["loss"][1]


def test_numbers_do_not_pile_up():
    hub = DeferredMessageHub("numbers")
    for value in range(NUMBERS + 200):
        hub.update_scalar("train/time", value)
    kept, counts = hub.get_scalar("train/time").data
    assert len(kept) == len(counts) == NUMBERS and kept[-1] == NUMBERS + 199 and kept[0] == 200
