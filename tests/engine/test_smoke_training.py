"""A shrunk config trains from the loader to the result, whatever its method, domains and network."""

from typing import Any

import pytest

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.config.small.shrink import shrink
from mmseg.evaluation.curve import read_curve
from mmseg.utils.products.json_file import read_product

HRDA, DAFORMER = "configs/hrda/gtaHR2csHR_hrda.py", "configs/daformer/gta2cs_daformer.py"
BLOCKS = {"type": "block", "mask_ratio": 0.7, "mask_block_size": 64}
ADVSEG = {"discriminator_type": "LS", "lr_D": 1e-4, "lr_D_power": 0.9, "lr_D_min": 0, "lambda_adv_target": {"main": 1e-3}}
SUPERVISED = {"target": None, "target_crop": None, "crop_pseudo_margins": None, "rare_class_sampling": None}
CITYSCAPES = {"type": "CityscapesDataset", "img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"}
ACDC = {"type": "ACDCDataset", "img_dir": "rgb_anon/train"}
TRAININGS = {
    "hrda": (HRDA, {}),
    "daformer": (DAFORMER, {}),
    "mic": (HRDA, {"uda": {"mask_mode": "separatetrgaug", "mask_generator": BLOCKS}}),
    "advseg": (DAFORMER, {"uda": {"_delete_": True, "type": "AdvSeg", **ADVSEG}}),
    "minent": (DAFORMER, {"uda": {"_delete_": True, "type": "MinEnt", "lambda_ent": {"main": 1e-3}}}),
    "source-only": (DAFORMER, {"uda": {"_delete_": True, "type": "SourceOnly"}, "train_dataloader": {"dataset": SUPERVISED}}),
    "target-only": (
        DAFORMER,
        {"uda": {"_delete_": True, "type": "TargetOnly"}, "train_dataloader": {"dataset": {**SUPERVISED, "source": CITYSCAPES}}},
    ),
    "acdc": (
        DAFORMER,
        {
            "train_dataloader": {"dataset": {"source": CITYSCAPES, "target": ACDC}},
            "val_dataloader": {"dataset": {"type": "ACDCDataset", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"}},
        },
    ),
    "fada": ("configs/label_shift/gta2cs_fada.py", {}),
    "fada of 16 classes": ("configs/label_shift/syn2cs_fada.py", {}),
    "fada with HRDA": (HRDA, {"uda": {"_delete_": True, "type": "FADA"}}),
    "rectification": ("configs/label_shift/gta2cs_cr.py", {}),
    "rectification of HRDA": ("configs/label_shift/gtaHR2csHR_hrda_cr.py", {}),
    "corrected teacher": ("configs/label_shift/gtaHR2csHR_hrda_prior.py", {}),
    "ripu": ("configs/ripu/gta2cs_ripu_ra_v3plus.py", {}),
    "ripu of 16 classes": ("configs/ripu/syn2cs_ripu_pa.py", {}),
    "ripu without source": ("configs/ripu/gta2cs_ripu_source_free.py", {}),
    "ripu with HRDA": ("configs/ripu/gtaHR2csHR_hrda_ripu.py", {}),
    "all labels of the target": ("configs/ripu/gta2cs_supervised.py", {}),
    "two sources": ("configs/hrda/gtaHR_synHR2csHR_hrda.py", {}),
    "synthia": (
        HRDA,
        {"train_dataloader": {"dataset": {"source": {"type": "SynthiaDataset", "img_dir": "RGB", "ann_dir": "GT/LABELS"}}}},
    ),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_trains_evaluates_and_finishes(name, tiny_layouts, tmp_path):
    path, changes = TRAININGS[name]
    cfg = load_config(path)
    cfg.merge_from_dict(changes)
    result = train(shrink(cfg, tiny_layouts), tmp_path)
    assert result["iteration"] == 2 and 0 <= result["metrics"]["mIoU"] <= 100
    assert len(read_curve(tmp_path)) == 1
    assert (tmp_path / "latest.pth").is_file() and any((tmp_path / "pictures").iterdir())
    if "ripu" in path:
        asked = read_product(tmp_path / "annotations" / "budget.json", Any, "")["total"]["percent"]
        assert asked == 100 if "all labels" in name else 0 < asked < 10
