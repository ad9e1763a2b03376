"""A published HRDA run as 0.x Python files, and as the flattened JSON beside a released checkpoint.

The entries and values of the texts below are those of the configs in the published code of HRDA (Hoyer et al., Apache-2.0;
they go back to MMSegmentation's, Apache-2.0): what the upgrade has to understand cannot be made up. Grouping and layout of
the texts are ours. The recorded configs that :func:`published` reads are of the same origin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mmengine.config import Config

from mmseg.config.identity import REPORTING_HOOKS
from mmseg.datasets.sampling.uda_dataset import CropOptions
from tests.config.effects import effects
from tests.parity.records import reference_folder

NETWORK = """
norm_cfg = dict(type='BN', requires_grad=True)
find_unused_parameters = True
model = dict(
    type='EncoderDecoder',
    pretrained='pretrained/mit_b5.pth',
    backbone=dict(type='mit_b5', style='pytorch'),
    decode_head=dict(
        type='DAFormerHead', in_channels=[64, 128, 320, 512], in_index=[0, 1, 2, 3], channels=256, dropout_ratio=0.1,
        num_classes=19, norm_cfg=norm_cfg, align_corners=False,
        decoder_params=dict(
            embed_dims=256,
            embed_cfg=dict(type='mlp', act_cfg=None, norm_cfg=None),
            embed_neck_cfg=dict(type='mlp', act_cfg=None, norm_cfg=None),
            fusion_cfg=dict(
                type='aspp', sep=True, dilations=(1, 6, 12, 18), pool=False, act_cfg=dict(type='ReLU'), norm_cfg=norm_cfg)),
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
"""
DATA = """
dataset_type = 'CityscapesDataset'
data_root = 'data/cityscapes/'
img_norm_cfg = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
crop_size = (1024, 1024)
gta_train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='Resize', img_scale=(2560, 1440)),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Normalize', **img_norm_cfg),
    dict(type='Pad', size=crop_size, pad_val=0, seg_pad_val=255),
    dict(type='DefaultFormatBundle'),
    dict(type='Collect', keys=['img', 'gt_semantic_seg']),
]
cityscapes_train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='Resize', img_scale=(2048, 1024)),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Normalize', **img_norm_cfg),
    dict(type='Pad', size=crop_size, pad_val=0, seg_pad_val=255),
    dict(type='DefaultFormatBundle'),
    dict(type='Collect', keys=['img', 'gt_semantic_seg']),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='MultiScaleFlipAug', img_scale=(2048, 1024), flip=False,
        transforms=[
            dict(type='Resize', keep_ratio=True),
            dict(type='RandomFlip'),
            dict(type='Normalize', **img_norm_cfg),
            dict(type='ImageToTensor', keys=['img']),
            dict(type='Collect', keys=['img']),
        ]),
]
val = dict(
    type='CityscapesDataset', data_root=data_root, img_dir='leftImg8bit/val', ann_dir='gtFine/val', pipeline=test_pipeline)
data = dict(
    samples_per_gpu=2,
    workers_per_gpu=4,
    train=dict(
        type='UDADataset',
        source=dict(type='GTADataset', data_root='data/gta/', img_dir='images', ann_dir='labels', pipeline=gta_train_pipeline),
        target=dict(
            type='CityscapesDataset', data_root=data_root, img_dir='leftImg8bit/train', ann_dir='gtFine/train',
            pipeline=cityscapes_train_pipeline)),
    val=val,
    test=val)
del val
"""
SCHEDULE = """
uda = dict(
    type='DACS', alpha=0.99, pseudo_threshold=0.968, pseudo_weight_ignore_top=0, pseudo_weight_ignore_bottom=0,
    imnet_feature_dist_lambda=0, imnet_feature_dist_classes=None, imnet_feature_dist_scale_min_ratio=None,
    mix='class', blur=True, color_jitter_strength=0.2, color_jitter_probability=0.2,
    debug_img_interval=1000, print_grad_magnitude=False)
use_ddp_wrapper = True
optimizer = dict(type='AdamW', lr=6e-05, betas=(0.9, 0.999), weight_decay=0.01)
lr_config = dict(policy='poly', power=1.0, min_lr=0.0, by_epoch=False)
log_config = dict(interval=50, hooks=[dict(type='TextLoggerHook', by_epoch=False)])
"""
EXPERIMENT = """
_base_ = ['network.py', 'data.py', 'schedule.py']
seed = 0
load_from = None
resume_from = None
workflow = [('train', 1)]
cudnn_benchmark = True
model = dict(
    type='HRDAEncoderDecoder',
    scales=[1, 0.5], hr_crop_size=(512, 512), crop_coord_divisible=8, feature_scale=0.5, hr_slide_inference=True,
    decode_head=dict(type='HRDAHead', single_scale_head='DAFormerHead', attention_classwise=True, hr_loss_weight=0.1),
    test_cfg=dict(mode='slide', batched_slide=True, stride=[512, 512], crop_size={{_base_.crop_size}}))
data = dict(
    workers_per_gpu=1,
    train=dict(
        target=dict(crop_pseudo_margins=[30, 240, 30, 30]),
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=2.0)))
uda = dict(
    alpha=0.999, imnet_feature_dist_lambda=0.005, imnet_feature_dist_classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
    imnet_feature_dist_scale_min_ratio=0.75)
optimizer = dict(
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0), pos_block=dict(decay_mult=0.0), norm=dict(decay_mult=0.0))))
optimizer_config = None
lr_config = dict(warmup='linear', warmup_iters=1500, warmup_ratio=1e-06)
runner = dict(type='IterBasedRunner', max_iters=40000)
checkpoint_config = dict(by_epoch=False, interval=40000, max_keep_ckpts=1)
evaluation = dict(interval=4000, metric='mIoU')
name = 'gtaHR2csHR_hrda'
exp = 'basic'
"""


def write_python(folder: Path) -> Path:
    """The run as four files that inherit; returns the last one."""
    for name, text in {"network": NETWORK, "data": DATA, "schedule": SCHEDULE, "experiment": EXPERIMENT}.items():
        (folder / f"{name}.py").write_text(text)
    return folder / "experiment.py"


def write_json(folder: Path, config: Mapping[str, Any], name: str = "released.json") -> Path:
    """A config as a released JSON; infinite values as the published files write them."""
    path = folder / name
    path.write_text(json.dumps(config))
    return path


def flattened(folder: Path) -> dict[str, Any]:
    """The run as its JSON reads: one dictionary, lists for tuples."""
    return json.loads(json.dumps(Config.fromfile(write_python(folder)).to_dict()))


def changed(config: Any, path: str, value: Any) -> Any:
    """A copy with another value at 'data.train.source.pipeline.3.crop_size'; the last key may be new."""
    key, _, rest = path.partition(".")
    if isinstance(config, list):
        index = int(key)
        return [*config[:index], changed(config[index], rest, value) if rest else value, *config[index + 1 :]]
    return {**config, key: changed(config[key], rest, value) if rest else value}


def published() -> list[tuple[str, dict[str, Any]]]:
    """(name, config) of all published experiments; empty where the records do not have them."""
    folder = reference_folder()
    files = [folder / "experiments" / name for name in ("hrda.json", "daformer.json")] if folder else []
    files += sorted(folder.glob("methods/*/experiments_*.json")) if folder else []  # their tables may be called '50_without_shade'
    tables = [json.loads(file.read_text()) for file in files if file.is_file()]
    runs = [(table.partition("_")[0], run) for content in tables for table, runs in content.items() for run in runs]
    return [(f"{table}-{run['name']}", run["cfg"]) for table, run in runs]


def as_json(value):
    return json.loads(json.dumps(value))


def decisive(cfg) -> dict:
    """Everything that decides what is learned, with defaults filled in (:mod:`tests.config.effects`), for comparison.

    Left out, and why: loader workers and ``default_hooks`` change nothing that is learned; ``pad`` only says whether an
    image smaller than the crop is padded or an error, and GTA and Cityscapes have none.
    """
    cfg = cfg.to_dict()
    data = dict(cfg["train_dataloader"]["dataset"])
    crops = {key: {**vars(CropOptions(**data[key])), "pad": None} for key in ("source_crop", "target_crop") if data.get(key)}
    folders = {key: {**data[key], "data_root": str(PurePosixPath(data[key]["data_root"]))} for key in ("source", "target") if key in data}
    val = cfg["val_dataloader"]["dataset"]
    return as_json(
        {
            **effects(cfg),
            **{key: cfg[key] for key in ("optim_wrapper", "param_scheduler", "train_cfg", "val_evaluator", "seed")},
            "train": {**cfg["train_dataloader"], "num_workers": None, "dataset": {**data, **crops, **folders}},
            "val": {**val, "data_root": str(PurePosixPath(val["data_root"]))},
            "hooks": [hook for hook in cfg["custom_hooks"] if hook["type"] not in REPORTING_HOOKS],
            "cudnn": cfg["env_cfg"]["cudnn_benchmark"],
        }
    )
