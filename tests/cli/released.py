"""A folder like those that the authors of HRDA give away: a flattened 0.x JSON and a training wrapper, both small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from mmseg.config.config import load_config
from mmseg.registry import MODELS

NAME = "211108_1622_gtaHR2csHR_hrda_s0_7f24c"
CROP, DETAIL = [64, 64], [32, 32]
BN = {"type": "BN", "requires_grad": True}
NORMALIZE = {"type": "Normalize", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": True}


def model() -> dict:
    """A HRDA network of 50 thousand parameters, in the words of the published configs."""
    embedding = {"type": "mlp", "act_cfg": None, "norm_cfg": None}
    fusion = {"type": "aspp", "sep": True, "dilations": [1, 6], "pool": False, "act_cfg": {"type": "ReLU"}, "norm_cfg": BN}
    head = {
        "type": "HRDAHead",
        "in_channels": [8, 16, 24, 32],
        "in_index": [0, 1, 2, 3],
        "channels": 8,
        "dropout_ratio": 0.1,
        "num_classes": 19,
        "norm_cfg": BN,
        "align_corners": False,
        "decoder_params": {"embed_dims": 8, "embed_cfg": embedding, "embed_neck_cfg": embedding, "fusion_cfg": fusion},
        "loss_decode": {"type": "CrossEntropyLoss", "use_sigmoid": False, "loss_weight": 1.0},
        "single_scale_head": "DAFormerHead",
        "attention_classwise": True,
        "hr_loss_weight": 0.1,
    }
    encoder = {"embed_dims": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "num_heads": [1, 2, 3, 4]}
    return {
        "type": "HRDAEncoderDecoder",
        "pretrained": "pretrained/mit_b5.pth",
        "backbone": {"type": "MixVisionTransformer", **encoder},
        "decode_head": head,
        "train_cfg": {"work_dir": "work_dirs/local-exp40"},
        "test_cfg": {"mode": "slide", "batched_slide": True, "stride": [32, 32], "crop_size": CROP},
        "scales": [1, 0.5],
        "hr_crop_size": DETAIL,
        "feature_scale": 0.5,
        "crop_coord_divisible": 8,
        "hr_slide_inference": True,
    }


def train_pipeline(scale: list[int], **crop: object) -> list[dict]:
    return [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations"},
        {"type": "Resize", "img_scale": scale},
        {"type": "RandomCrop", "crop_size": CROP, **crop},
        {"type": "RandomFlip", "prob": 0.5},
        NORMALIZE,
        {"type": "Pad", "size": CROP, "pad_val": 0, "seg_pad_val": 255},
        {"type": "DefaultFormatBundle"},
        {"type": "Collect", "keys": ["img", "gt_semantic_seg"]},
    ]


def data(root: Path) -> dict:
    """The sections of the data, on the demo domains in ``root``."""
    steps = [{"type": "Resize", "keep_ratio": True}, {"type": "RandomFlip"}, NORMALIZE, {"type": "ImageToTensor", "keys": ["img"]}]
    test = {
        "type": "MultiScaleFlipAug",
        "img_scale": [128, 64],
        "flip": False,
        "transforms": [*steps, {"type": "Collect", "keys": ["img"]}],
    }
    city = {"type": "CityscapesDataset", "data_root": str(root / "cityscapes")}
    val = {**city, "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val", "pipeline": [{"type": "LoadImageFromFile"}, test]}
    gta = {"type": "GTADataset", "data_root": str(root / "gta"), "img_dir": "images", "ann_dir": "labels"}
    train = {
        "type": "UDADataset",
        "source": {**gta, "pipeline": train_pipeline([128, 64], cat_max_ratio=0.75)},
        "target": {**city, "img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train", "pipeline": train_pipeline([128, 64])},
        "rare_class_sampling": {"min_pixels": 2, "class_temp": 0.01, "min_crop_ratio": 1.0},
    }
    return {"samples_per_gpu": 2, "workers_per_gpu": 0, "train": train, "val": val, "test": val}


def config(root: Path) -> dict:
    """A flattened 0.x config as the published runs write it."""
    uda = {"type": "DACS", "alpha": 0.999, "pseudo_threshold": 0.968, "pseudo_weight_ignore_top": 0, "pseudo_weight_ignore_bottom": 0}
    distance = {"imnet_feature_dist_lambda": 0.005, "imnet_feature_dist_classes": [6, 7], "imnet_feature_dist_scale_min_ratio": 0.75}
    augment = {"mix": "class", "blur": True, "color_jitter_strength": 0.2, "color_jitter_probability": 0.2, "debug_img_interval": 1000}
    warmup = {"warmup": "linear", "warmup_iters": 1, "warmup_ratio": 1e-06}
    return {
        "log_config": {"interval": 50, "hooks": [{"type": "TextLoggerHook", "by_epoch": False}]},
        "dist_params": {"backend": "nccl"},
        "log_level": "INFO",
        "load_from": None,
        "resume_from": None,
        "workflow": [["train", 1]],
        "cudnn_benchmark": True,
        "norm_cfg": BN,
        "find_unused_parameters": True,
        "model": model(),
        "dataset_type": "CityscapesDataset",
        "data_root": "data/cityscapes/",
        "img_norm_cfg": {key: value for key, value in NORMALIZE.items() if key != "type"},
        "crop_size": CROP,
        "data": data(root),
        "uda": {**uda, **distance, **augment, "print_grad_magnitude": False},
        "use_ddp_wrapper": True,
        "optimizer": {"type": "AdamW", "lr": 6e-05, "betas": [0.9, 0.999], "weight_decay": 0.01},
        "optimizer_config": None,
        "lr_config": {"policy": "poly", **warmup, "power": 1.0, "min_lr": 0.0, "by_epoch": False},
        "gpu_model": "NVIDIATITANRTX",
        "n_gpus": 1,
        "seed": 0,
        "runner": {"type": "IterBasedRunner", "max_iters": 2},
        "checkpoint_config": {"by_epoch": False, "interval": 2, "max_keep_ckpts": 1},
        "evaluation": {"interval": 2, "metric": "mIoU"},
        "name": NAME,
        "exp": 40,
        "work_dir": "work_dirs/local-exp40",
        "git_rev": "c370b5b0",
    }


def wrapper(path: Path) -> dict:
    """What mmcv wrote after a training with the config in ``path``: three different networks and metadata of its time."""
    segmentor = {**load_config(path).model.to_dict(), "pretrained": None}
    state = {}
    for number, name in enumerate(("model", "ema_model", "imnet_model")):
        torch.manual_seed(number)
        network = MODELS.build(segmentor)
        network.init_weights()
        state |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
    meta = {"iter": 40000, "epoch": 20, "CLASSES": ("road",), "PALETTE": [[128, 64, 128]], "hook_msgs": {"best_score": np.float64(73.8)}}
    return {"meta": meta, "state_dict": state, "optimizer": {"state": {}, "param_groups": []}}


def make_released(parent: Path, data_root: Path) -> Path:
    """Writes the folder, with the logs that lie in it; returns it."""
    folder = parent / NAME
    folder.mkdir()
    (folder / f"{NAME}.json").write_text(json.dumps(config(data_root)))
    (folder / "20211108_162230.log.json").write_text('{"mode": "train"}\n')
    (folder / "20211108_162230.log").write_text("")
    torch.save(wrapper(folder / f"{NAME}.json"), folder / "latest.pth")
    return folder
