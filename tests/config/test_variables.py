"""Variables of a config file: read for other entries, and no entries themselves."""

import pytest

from mmseg.config import load_config
from mmseg.config.identity import digest
from mmseg.config.reading.variables import used_names
from mmseg.utils.errors import UserError
from tests import tiny


def child(tmp_path, text: str):
    path = tmp_path / "child.py"
    path.write_text(f'_base_ = ["{tiny.ROOT / tiny.CONFIG}"]\n{text}\n')
    return path


def test_a_name_that_the_file_reads_is_no_entry(tmp_path):
    text = 'D = "here"\nlabelled = dict(data_root=f"{D}/val")\nval_dataloader = dict(dataset=dict(**labelled))'
    cfg = load_config(child(tmp_path, text))
    assert cfg.val_dataloader.dataset.data_root == "here/val" and not {"D", "labelled"} & set(cfg)
    assert digest(cfg) == digest(load_config(tiny.ROOT / tiny.CONFIG))


def test_a_name_that_an_inherited_file_reads(tmp_path):
    base = child(tmp_path, 'D = "there"\nval_dataloader = dict(dataset=dict(data_root=D))')
    path = tmp_path / "grandchild.py"
    path.write_text(f'_base_ = "{base.name}"\nmodel = dict(hr_crop_size=(64, 64))')
    assert load_config(path).val_dataloader.dataset.data_root == "there" and "D" in used_names(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("temperature = 3", "unknown key 'temperature'. Remove it; "),
        ("optim_wraper = dict(lr=1)\nmodel = dict(test_cfg=optim_wraper)", "unknown key 'optim_wraper'. Did you mean 'optim_wrapper'?"),
    ],
)
def test_what_nothing_reads_and_what_looks_like_an_entry(tmp_path, text, message):
    with pytest.raises(UserError) as caught:
        load_config(child(tmp_path, text))
    assert message in str(caught.value)


@pytest.mark.parametrize("content", ["{", '{"model": {}}', "_base_ = undefined()\nx = y", "x = (", "é"])
def test_files_of_other_kinds(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content)
    assert used_names(path) <= {"undefined", "y", "é"}
    assert used_names(tmp_path / "absent.py") == set()
