"""Advice about what is trained in an encoder, and about hiding its tokens."""

import torch
from torch import nn

from mmseg.engine.checkpoints.frozen import completed
from mmseg.models.backbones.tuning import LoRA, Rein, build_tuning
from mmseg.registry import MODELS
from tests.advice.following import advice
from tests.engine.checkpoints.test_frozen import build, checkpoint, weights_file
from tests.models.encoders.families import make_tiny
from tests.models.tuning.test_backbone import segmentor
from tests.models.tuning.test_tuning import network
from tests.models.uda.test_methods import run_step


def test_adapters_need_blocks():
    advice(
        "Use a plain transformer such as vit_base_patch14_dinov2, or tuning=dict(type='full').",
        lambda: LoRA().apply(nn.Sequential(nn.Conv2d(3, 4, 3))),
    )
    LoRA(rank=4).apply(network())
    build_tuning({"type": "full"}).apply(nn.Sequential(nn.Conv2d(3, 4, 3)))


def test_as_many_blocks_as_there_are():
    advice("first_block={}, but the encoder has {} blocks. Use a smaller one.", lambda: LoRA(rank=4, first_block=2).apply(network()))
    LoRA(rank=4, first_block=1).apply(network())


def test_a_rank_that_a_layer_has():
    *_, least = advice("tuning={}: {}. Use {} or less.", lambda: LoRA(rank=25).apply(network()))
    LoRA(rank=int(least)).apply(network())


def test_rein_stays_what_it_is():
    built, tuning = network(), Rein(tokens=4, rank=4)
    tuning.apply(built)
    advice("cannot be merged into weights. Keep the tuning.", lambda: tuning.merge(built))


def test_hidden_tokens(monkeypatch):
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)

    def step(kind: str, **backbone: object) -> None:
        options = {"mask_mode": "separatetrg", "mask_generator": {"type": kind}}
        method = MODELS.build({"type": "DACS", "segmentor": segmentor(**backbone), **options})
        method.init_weights()
        run_step(method.train(), monkeypatch)

    advice("Use a TimmBackbone of a plain transformer with mask_token=True, or type='block'.", lambda: step("token"))
    step("token", mask_token=True)
    step("block")


def test_frozen_weights_come_from_the_file_of_the_training(tmp_path, monkeypatch):
    make_tiny(monkeypatch, embed_dim=24, depth=2, num_heads=2)
    file = weights_file(tmp_path / "weights.pth")
    trained = build("SoMA", file)
    content = checkpoint(trained)

    def load(file: str | None) -> None:
        method = build("SoMA", None)
        method.model.backbone.pretrained = file
        whole = completed(content, method.model, "some.pth")["state_dict"]
        assert all(torch.equal(value, whole[key]) for key, value in trained.state_dict().items())

    advice("and the config names no such file. Set model.pretrained to it.", lambda: load(None))
    advice("does not exist. Put it there, or set model.pretrained to where it is.", lambda: load(str(tmp_path / "there.pth")))
    other = weights_file(tmp_path / "other.pth", seed=6)
    advice("and these are others ({}). Set model.pretrained to the file of the training.", lambda: load(other))
    load(file)
    content["meta"]["frozen"] = "no note"
    advice("meta.frozen does not say what was left out of it. Use another file.", lambda: load(file))
    content = checkpoint(trained)
    load(file)
    (tmp_path / "weights.pth").rename(tmp_path / "there.pth")
    load(str(tmp_path / "there.pth"))
