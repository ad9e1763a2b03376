"""Advice about the parts that a config names, and about their small forms."""

import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS

from mmseg.config.small.config import demo_folder, required
from mmseg.config.small.network import NetworkSize, shrink_network
from mmseg.registry import MODELS, build_checked, check_component
from tests.advice.following import Followed, advice, table


@table(
    [
        Followed("Write dict(type='…', …).", lambda: MODELS.build(3), lambda: MODELS.build({"type": "mit_b0"})),
        Followed(
            "{} is not a registered {}. Did you mean '{}'?",
            lambda: MODELS.build({"type": "mit_b9"}),
            lambda *said: MODELS.build({"type": said[2]}),
        ),
        Followed(
            "{} got an unexpected option '{}'. Did you mean '{}'?",
            lambda: MODELS.build({"type": "mit_b0", "pretraned": None}),
            lambda *said: MODELS.build({"type": "mit_b0", said[2]: None}),
        ),
        Followed(
            "{} needs the option '{}'. Add {}=… to its dictionary in the config.",
            lambda: build_checked({"type": "FCNHead", "in_channels": 8, "channels": 8, "in_index": 0}, MODELS),
            lambda *said: build_checked({"type": "FCNHead", "in_channels": 8, "channels": 8, "in_index": 0, said[2]: 3}, MODELS),
            "registry.py:_require_options",
        ),
        Followed(
            "{} needs the option '{}'. Add {}=… to its dictionary in the config.",
            lambda: check_component({"type": "AdamW"}, OPTIMIZERS),
            lambda *said: check_component({"type": "AdamW", said[2]: 1e-3}, OPTIMIZERS),
            "registry.py:check_values",
        ),
        Followed(
            "There is no demo domain for the data set type '{}'. Use one of {}.",
            lambda: demo_folder({"type": "FolderDataset"}),
            lambda _, names: [demo_folder({"type": name}) for name in names.split(", ")],
        ),
        Followed(
            "The config has no {}, so it has no small form for --smoke and --demo. Add this entry.",
            lambda: required(Config({}), "train_cfg.max_iters"),
            lambda path: required(Config({"train_cfg": {"max_iters": 3}}), path),
        ),
    ]
)
def test_parts(row):
    row.follow()


def test_an_encoder_without_a_small_form():
    size = NetworkSize(transformer={"embed_dims": [8, 16, 24, 32]}, depth=50, base_channels=8, channels=8, inner_channels=8, base_styles=2)

    def shrink(kind: str) -> None:
        shrink_network({"backbone": {"type": kind}, "decode_head": {"type": "FCNHead", "in_channels": 32, "in_index": -1}}, size)

    _, names = advice("The encoder '{}' has no small form for --smoke and --demo. Use one of {}.", lambda: shrink("Mine"))
    for name in names.split(", "):
        shrink(name)


def test_an_option_that_the_engine_refuses():
    """What torch says of a value that its annotation allows."""
    advice(
        "{}: {}. Correct its options in the config.",
        lambda: build_checked({"type": torch.nn.Conv2d, "in_channels": 3, "out_channels": 4, "kernel_size": 1, "groups": 2}, MODELS),
    )
    build_checked({"type": torch.nn.Conv2d, "in_channels": 4, "out_channels": 4, "kernel_size": 1, "groups": 2}, MODELS)
