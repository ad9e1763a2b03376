"""Hooks that every training has, whatever its config says of the others."""

import pytest
from mmengine.config import Config

from mmseg.engine.hooks import ResultHook
from mmseg.engine.parts import hook_configs
from mmseg.utils.errors import UserError

OWN = {"type": "OwnHook"}


@pytest.mark.parametrize("kind", ["ResultHook", ResultHook])
def test_a_list_of_ones_own_keeps_the_result(kind):
    assert hook_configs(Config({"default_hooks": {}, "custom_hooks": [OWN]}))[1] == [{"type": "ResultHook"}, OWN]
    assert hook_configs(Config({"default_hooks": {}}))[1] == [{"type": "ResultHook"}]
    assert hook_configs(Config({"default_hooks": {}, "custom_hooks": [OWN, {"type": kind}]}))[1] == [OWN, {"type": kind}]


def test_the_guard_takes_options():
    assert hook_configs(Config({"default_hooks": {"timer": None}}))[0] == {"timer": None, "guard": {"type": "GuardHook"}}
    given = Config({"default_hooks": {"guard": {"patience": 3}}})
    assert hook_configs(given)[0] == {"guard": {"type": "GuardHook", "patience": 3}}


@pytest.mark.parametrize("name", ["checkpoint", "guard", "param_scheduler"])
def test_hooks_that_no_training_does_without(name):
    with pytest.raises(UserError, match=f"default_hooks.{name} is None: .* Leave it as it is"):
        hook_configs(Config({"default_hooks": {name: None}}))
