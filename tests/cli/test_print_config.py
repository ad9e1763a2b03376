"""python tools/print_config.py: what it prints is a config."""

import sys

import pytest

from mmseg.config import load_config
from tests import tiny
from tests.config.legacy.published_form import changed, flattened, published, write_json, write_python
from tools import print_config

NATIVE = "configs/demo/demoHR2demoHR_hrda.py"


@pytest.fixture
def printed(monkeypatch, capsys, tmp_path):
    """Runs the tool; returns the config that its output holds."""

    def run(*arguments):
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["print_config", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            print_config.main()
        output = capsys.readouterr()
        assert not ended.value.code and output.err == ""
        (tmp_path / "printed.py").write_text(output.out)
        return load_config(tmp_path / "printed.py")

    return run


def test_a_native_config(printed):
    assert printed(NATIVE).to_dict() == load_config(tiny.ROOT / NATIVE).to_dict()


def test_old_python_and_json(printed, tmp_path):
    python = write_python(tmp_path)
    released = write_json(tmp_path, flattened(tmp_path))
    assert printed(python).to_dict() == printed(released).to_dict() == load_config(released).to_dict()


@pytest.mark.skipif(not published(), reason="no folder experiments (set MMSEG_REFERENCE to the reference records)")
def test_published(printed, tmp_path):
    one_of_each = {name.partition("-")[0]: cfg for name, cfg in published()}
    for old in list(one_of_each.values())[::4]:
        released = write_json(tmp_path, old)
        assert printed(released).to_dict() == load_config(released).to_dict()


def test_an_infinite_temperature(printed, tmp_path):
    old = changed(flattened(tmp_path), "data.train.rare_class_sampling.class_temp", float("inf"))
    assert printed(write_json(tmp_path, old)).train_dataloader.dataset.rare_class_sampling.class_temp == float("inf")


def test_options_apply_to_the_native_form(printed, tmp_path):
    cfg = printed(write_python(tmp_path), "--cfg-options", "train_cfg.max_iters=7", "model.pretrained=None")
    assert cfg.train_cfg.max_iters == 7 and cfg.model.pretrained is None


def test_the_old_name_of_an_option_is_refused(fails, tmp_path):
    path = write_python(tmp_path)
    line = fails(print_config.main, path, "--cfg-options", "data.samples_per_gpu=1")
    assert line.startswith(f"--cfg-options data.samples_per_gpu: {path} has no key 'data'.")


def test_a_file_that_is_no_config(fails, tmp_path):
    path = tmp_path / "result.json"
    path.write_text("[]")
    assert fails(print_config.main, path).startswith(f"{path} is JSON, but no config")
