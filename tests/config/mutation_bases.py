"""Valid configs of tiny trainings that random mistakes are made in, in JSON's types; their parts can be built in milliseconds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mmseg.config.config import apply_options, read_config
from tests import tiny
from tests.config.legacy.published_form import as_json, changed, flattened

ENCODER = {
    "type": "MixVisionTransformer",
    "embed_dims": [8, 8, 16, 16],
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 1, 2, 2],
    "sr_ratios": [8, 4, 2, 1],
    "mlp_ratios": [2, 2, 2, 2],
    "drop_path_rate": 0.1,
}
WIDTHS = [8, 8, 16, 16]
CLASSES = ["sky", "grass", "sea"]
CROP = {"img_scale": [96, 64], "crop_size": [64, 64], "flip_prob": 0.5}


def write_folders(root: Path) -> Path:
    """Own data: three images with labels 0, 1, 2 and ignored rows."""
    for number in range(3):
        label = np.full((64, 96), 2, np.uint8)
        label[:, :50], label[40:], label[:4] = 1, 0, 255
        for folder, content in {"images": np.stack([label] * 3, axis=2), "labels": label}.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / folder / f"{number}.png"), content)
    return root


def native_bases(data: Path, folders: Path) -> dict[str, dict]:
    """The demo's HRDA and one plain network, with most of the options that there are.

    Args:
        data: the demo domains.
        folders: see :func:`write_folders`.
    """
    hrda = read_config(tiny.ROOT / tiny.CONFIG)
    small = {key: value for key, value in tiny.values(data).items() if "t_crop" not in key and "source_crop" not in key}
    small["train_dataloader.dataset.sync_crop_size"] = None
    small["uda.imnet_feature_dist_lambda"], small["uda.imnet_feature_dist_classes"] = 0.005, [6, 7, 11]
    apply_options(hrda, {**small, "scale": 0.25, "model.backbone": {**ENCODER, "_delete_": True}}, "hrda")
    apply_options(hrda, {"model.decode_head.in_channels": WIDTHS}, "hrda")
    hrda = as_json(hrda.to_dict())
    return {"hrda": hrda, "plain": plain(hrda, folders)}


def plain(hrda: dict, folders: Path) -> dict:
    """Own folders, two of them as the source; an auxiliary head, class weights, masked consistency, other schedules."""
    own = {"type": "FolderDataset", "images": str(folders / "images"), "labels": str(folders / "labels"), "classes": CLASSES}
    own |= {"label_map": {"0": "sky", "1": 1, "2": "sea"}, "ignore": [255], "palette": [[0, 0, 0], [9, 9, 9], [255, 0, 0]]}
    source = {"type": "SeveralDatasets", "datasets": [own, {**own, "depth": 8}], "weights": [1, 0.5]}
    rare = {"min_pixels": 2, "class_temp": 0.1, "min_crop_ratio": 0.5}
    data = {"type": "UDADataset", "source": source, "target": {"type": "FolderDataset", "images": own["images"]}, "on_bad_sample": "skip"}
    data |= {"source_crop": {**CROP, "cat_max_ratio": 0.75, "pad": True}, "target_crop": CROP, "rare_class_sampling": rare}
    norm = {"type": "BN", "requires_grad": True}
    head = {"type": "FCNHead", "in_channels": 16, "in_index": 2, "channels": 4, "num_classes": 3, "num_convs": 1, "norm_cfg": norm}
    upper = {"type": "UPerHead", "in_channels": WIDTHS, "channels": 8, "num_classes": 3, "norm_cfg": norm, "pool_scales": [1, 2]}
    loss = {"type": "CrossEntropyLoss", "loss_weight": 0.4, "class_weight": [1.0, 0.5, 2]}
    model = {
        "type": "EncoderDecoder",
        "backbone": ENCODER,
        "decode_head": upper,
        "auxiliary_head": {**head, "loss_decode": loss},
        "test_cfg": {"mode": "slide", "crop_size": [64, 64], "stride": [32, 32]},
    }
    uda = {
        "type": "DACS",
        "alpha": 0.9,
        "pseudo_threshold": 0.9,
        "mask_mode": "separatetrg",
        "mask_alpha": "same",
        "mask_lambda": 1,
        "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 16},
        "source_class_weight": [1, 2, 0.5],
        "objectives": {"entropy": {"type": "MinimizeEntropy", "weights": {"main": 0.001}}},
        "blur": True,
        "data_preprocessor": {"type": "SegDataPreprocessor", "mean": [100, 110.5, 90], "std": [60, 60.5, 57]},
    }
    optimizer = {"type": "SGD", "lr": 0.01, "momentum": 0.9, "weight_decay": 0.0005}
    wrapper = {"type": "OptimWrapper", "constructor": "GroupedOptimWrapperConstructor", "optimizer": optimizer}
    wrapper |= {"clip_grad": {"max_norm": 10, "norm_type": 2}, "paramwise_cfg": {"custom_keys": {"head": {"lr_mult": 10.0}}}}
    loader = {"batch_size": 2, "num_workers": 0}
    return {
        **{key: value for key, value in hrda.items() if key not in ("scale", "crop_size")},
        "model": model,
        "uda": uda,
        "optim_wrapper": wrapper,
        "precision": "fp32",
        "compile": False,
        "seed": 3,
        "train_dataloader": {**loader, "sampler": {"type": "RunningIndexSampler"}, "dataset": data},
        "val_dataloader": {**loader, "sampler": {"type": "DefaultSampler", "shuffle": False}, "dataset": {**own, "test_scale": [96, 64]}},
        "val_evaluator": {"type": "IoUMetric", "subsets": {"half": ["sky", "sea"]}},
    }


def legacy_base(data: Path, folder: Path) -> dict:
    """The published HRDA run in the 0.x vocabulary, with a tiny network on the demo domains.

    Args:
        data: the demo domains.
        folder: where the texts of the config are written.
    """
    config = flattened(folder)
    encoder = {**config["model"]["decode_head"], "in_channels": WIDTHS, "channels": 8}
    encoder["decoder_params"] = {**encoder["decoder_params"], "embed_dims": 8}
    config["model"] = {**config["model"], "backbone": ENCODER, "decode_head": {**encoder, "attention_embed_dim": 8}}
    del config["model"]["pretrained"]
    for path, value in {
        "model.hr_crop_size": [32, 32],
        "model.test_cfg": {"mode": "slide", "batched_slide": True, "stride": [32, 32], "crop_size": [64, 64]},
        "data.workers_per_gpu": 0,
        "data.train.source.data_root": str(data / "gta"),
        "data.train.target.data_root": str(data / "cityscapes"),
        "data.train.target.crop_pseudo_margins": [15, 120, 15, 15],
        "data.train.rare_class_sampling.min_pixels": 2,
        "data.val.data_root": str(data / "cityscapes"),
        "data.test.data_root": str(data / "cityscapes"),
        "runner.max_iters": 4,
        "lr_config.warmup_iters": 2,
    }.items():
        config = changed(config, path, value)
    for domain in ("source", "target"):
        steps = config["data"]["train"][domain]["pipeline"]
        for step in steps:
            step.update({"Resize": {"img_scale": [128, 64]}, "RandomCrop": {"crop_size": [64, 64]}}.get(step["type"], {}))
            step.update({"Pad": {"size": [64, 64]}}.get(step["type"], {}))
    for split in ("val", "test"):
        config["data"][split]["pipeline"][1]["img_scale"] = [128, 64]
    return config
