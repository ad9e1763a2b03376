"""The configs outside configs/_base_: they load, build, name their own command, and equal the published runs."""

import ast

import pytest
import torch

from mmseg.config import load_config
from mmseg.engine.parts import build_model
from mmseg.utils.products.prototype_file import Prototypes, write_prototypes
from tests import tiny
from tests.config.legacy.published_form import decisive, published, write_json
from tests.models.uda.mixtures_file import mixtures

CONFIGS = tiny.ROOT / "configs"
FILES = sorted(
    str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob("*.py") if path.relative_to(CONFIGS).parts[0] not in ("_base_", "generated")
)
PUBLISHED = dict(published())
HRDA = "hrda1-512-01_daformer_sepaspp_sl_mitb5_poly10warm_s0"
DAFORMER = "daformer_sepaspp_mitb5_poly10warm_s0"
RUNS = {
    "hrda/gtaHR2csHR_hrda.py": f"40-gtaHR2csHR_1024x1024_dacs_a999_fdthings_rcs001-20_cpl2_{HRDA}",
    "hrda/synHR2csHR_hrda.py": f"40-synHR2csHR_1024x1024_dacs_a999_fdthings_rcs001-20_cpl2_{HRDA}",
    "hrda/csHR2acdcHR_hrda.py": f"49-csHR2acdcHR_1024x1024_dacs_a999_fdthings_rcs001-20_{HRDA}",
    "hrda/csHR2dzurHR_hrda.py": f"49-csHR2dzurHR_1024x1024_dacs_a999_fdthings_rcs001-20_{HRDA}",
    "daformer/gta2cs_daformer.py": f"6-gta2cs_dacs_a999_fdthings_rcs001_cpl_{DAFORMER}",
    "daformer/syn2cs_daformer.py": f"7-syn2cs_dacs_a999_fdthings_rcs001_cpl_{DAFORMER}",
    "daformer/cs2acdc_daformer.py": f"8-cs2acdc_dacs_a999_fdthings_rcs001_cpl_{DAFORMER}",
    "daformer/cs2dzur_daformer.py": f"8-cs2dzur_dacs_a999_fdthings_rcs001_cpl_{DAFORMER}",
}
MASKED = {
    "mic/gtaHR2csHR_mic_hrda.py": ("hrda/gtaHR2csHR_hrda.py", "separatetrgaug", 64),
    "mic/synHR2csHR_mic_hrda.py": ("hrda/synHR2csHR_hrda.py", "separatetrgaug", 64),
    "mic/csHR2acdcHR_mic_hrda.py": ("hrda/csHR2acdcHR_hrda.py", "separate", 64),
    "mic/csHR2dzurHR_mic_hrda.py": ("hrda/csHR2dzurHR_hrda.py", "separate", 64),
    "mic/gta2cs_mic_daformer.py": ("daformer/gta2cs_daformer.py", "separatetrgaug", 32),
}
"""Config -> the one without masking, the mask mode, the side of a block."""


@pytest.mark.parametrize("file", FILES)
def test_a_config_builds_its_method(file, tmp_path):
    cfg = load_config(CONFIGS / file)
    if cfg.uda.get("prototypes"):  # which an earlier stage makes
        cfg.uda.prototypes = str(some_prototypes(tmp_path / "prototypes.npz", cfg.model.decode_head))
    for part in (cfg.uda, cfg.uda.get("depth") or {}):
        if part.get("mixtures"):
            part["mixtures"] = mixtures(classes=tuple(map(str, range(cfg.model.decode_head.num_classes))))
    with torch.device("meta"):
        method = build_model(cfg)
    assert sum(parameter.numel() for parameter in method.model.parameters()) > 0


def some_prototypes(path, head):
    classes, channels = head.num_classes, head.channels
    names = [str(index) for index in range(classes)]
    header = {"version": 1, "kind": "prototypes", "made_by": "a test", "digest": None, "checkpoint": None, "classes": names}
    header |= {"images": 1, "images_digest": "", "complete": True}
    ones = torch.ones(classes, dtype=torch.int64)
    write_prototypes(path, Prototypes(torch.ones(classes, channels), ones, ones), header)
    return path


@pytest.mark.parametrize("file", FILES)
def test_the_docstring_gives_the_command(file):
    text = ast.get_docstring(ast.parse((CONFIGS / file).read_text()))
    assert f"python run_experiments.py --config configs/{file}\n" in text + "\n"


@pytest.mark.parametrize("file", RUNS)
def test_a_headline_config_equals_the_published_run(file, tmp_path):
    if not PUBLISHED:
        pytest.skip("no folder experiments (set MMSEG_REFERENCE to the reference records)")
    actual, expected = (decisive(cfg) for cfg in (load_config(CONFIGS / file), load_config(write_json(tmp_path, PUBLISHED[RUNS[file]]))))
    actual["val_evaluator"].pop("subsets", None)  # the means over 16 and 13 classes of Synthia come on top
    target = expected["train"]["dataset"]["target"]
    target["img_dir"] = target["img_dir"].rstrip("/")  # one published folder ends with a slash
    assert actual == expected


@pytest.mark.parametrize("file", MASKED)
def test_mic_adds_the_masked_crops_alone(file):
    plain, mode, block = MASKED[file]
    expected = decisive(load_config(CONFIGS / plain))
    expected["uda"] |= {"mask_mode": mode, "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": block}}
    assert decisive(load_config(CONFIGS / file)) == expected
