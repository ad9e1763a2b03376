"""Configs of others: read as plain values, equal to what their code would make, and nothing runs."""

import importlib
import json
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg.apis.predicting.inference import init_model
from mmseg.config.config import load_config, read_config
from mmseg.config.reading.code import run_config
from mmseg.config.reading.safe import MAX_BYTES, may_be_of_others, plain_values
from mmseg.engine.parts import build_loader, build_loader_config
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.parity.records import parametrize

OURS = [path for path in sorted((tiny.ROOT / "configs").rglob("*.py")) if "dict.fromkeys" not in path.read_text()]
WORD = "x = "
BOMB = "\n".join(["a0 = [1, 2, 3, 4]", *(f"a{number} = [{', '.join([f'a{number - 1}'] * 9)}]" for number in range(1, 30))])
CHAIN = "\n".join(["a0 = [1]", *(f"a{number} = [a{number - 1}]" for number in range(1, 100))])
SAME_HASH = f"x = {{{', '.join(f'{number * (2**61 - 1)}: 0' for number in range(1, 50_000))}}}"
"""Of Python's hash of numbers: a dictionary of them takes minutes."""
LONG = f"y = [{', '.join(['x'] * 300)}]"
CODE = {
    "import os": "line 1 of .* gives no name a value",
    f"{WORD}open('/etc/passwd')": r"holds code \(open\('/etc/passwd'\)\)",
    f"{WORD}[].__class__": "holds code",
    f"{WORD}10 ** 10 ** 10": "holds code",
    f"{WORD}'a' * 10 ** 10": "holds code",
    f"{WORD}f'{{open}}'": "holds code",
    f"{WORD}missing": "uses missing, which no line above gives a value",
    f"{WORD}{{{{_base_.missing}}}}": "uses missing, which no line above gives a value",
    f"{WORD}{{[]: 1}}": "cannot be read",
    f"{WORD}dict(**[1])": "spreads what is no dictionary",
    "custom_imports = dict(imports=['evil'])": "custom_imports names code",
    "model = dict(backbone=dict(type='subprocess.Popen', args=['sh']))": "type='subprocess.Popen' names a part by its module",
    f"{WORD}'{{{{ fileDirname }}}}/images'": "'{{ fileDirname }}/images' stands for something else",
    f"{WORD}['{{{{$HOME:}}}}']": "stands for something else",
    "_base_ = 'config.py'": "inherits from itself",
    "_base_ = [open]": "more than a list of files",
    "_base_ = {[]: 1}": "more than a list of files",
    f"{WORD}0x{'f' * 20_000}": "holds a number that no option takes",
    f"{WORD}1j": "holds a number that no option takes",
    SAME_HASH: "holds a number that no option takes",
    f"{WORD}{{{', '.join(f'({number}, 1)' for number in range(1100))}}}": "more than 1000 tuples as keys",
    f"{WORD}'{'a' * 60_000}'\n{LONG}": "more than 1000000 values",
    "_base_ = 3": "inherits from what is no list of files",
    BOMB: "more than 1000000 values",
    CHAIN: "nested deeper than 50",
    f"{WORD}{'[' * 100}{']' * 100}": "nested deeper than 50",
}
BROKEN = {
    f"{WORD}{'[' * 2000}{']' * 2000}": "is no Python",
    f"{WORD}{'9' * 5000}": "is no Python",
    f"{WORD}\0": "is no Python",
    "_base_ = 'missing.py'": "missing.py is no file",
    "_base_ = '/dev/zero'": "/dev/zero is no file",
    "_base_ = 'a\\0b'": r"a\\x00b is no file",
    "_base_ = '\\ud800'": r"\\ud800 is no file",
    f"_base_ = '{'a' * 5000}'": "is no file",
    "_base_ = 'circle.py'": "circle.py is no file",
    "filename = 'x'": "it has an entry 'filename', which configs cannot have",
}


def config(folder, text: str, name: str = "config.py"):
    """A config as others give it away: beside a checkpoint."""
    (folder / "latest.pth").touch()
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(tiny.ROOT).as_posix())
def test_our_configs_have_the_values_that_they_have_when_they_run(path):
    assert Config(plain_values(path)).to_dict() == Config.fromfile(path, import_custom_modules=False).to_dict()


@parametrize("experiments/*")
def test_published_configs(record, tmp_path):
    """As JSON, and as the Python that trainings write into their folders."""
    rows = record.info.values() if isinstance(record.info, dict) else record.info
    found = [row["cfg"] for some in rows if isinstance(some, list) for row in some if isinstance(row, dict) and "cfg" in row]
    for cfg in found:
        path = config(tmp_path, json.dumps(cfg), "published.json")
        assert plain_values(path) == cfg
        assert plain_values(config(tmp_path, config_text(Config(cfg)))) == Config(cfg).to_dict()
    if not found:
        pytest.skip(f"{record.name} holds no configs")


@pytest.mark.parametrize(("text", "reason"), CODE.items(), ids=range(len(CODE)))
def test_code_is_refused(text, reason, tmp_path):
    path = config(tmp_path, text)
    with pytest.raises(UserError, match=rf"^Config {path} is not read as plain values: .*{reason}.*\. Add --trust-config"):
        read_config(path)


@pytest.mark.parametrize(("text", "reason"), BROKEN.items(), ids=range(len(BROKEN)))
def test_what_is_no_config_is_refused(text, reason, tmp_path):
    (tmp_path / "circle.py").symlink_to("circle.py")
    with pytest.raises(UserError, match=rf"cannot be read: .*{reason}.*\. Correct the file, or download it again\.$"):
        read_config(config(tmp_path, text))


def test_json_can_name_code_as_well(tmp_path):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nmodel = {{}}")
    path = config(tmp_path, '{"_base_": "evil.py"}', "config.json")
    with pytest.raises(UserError, match=r"holds code|gives no name a value"):
        read_config(path)
    assert not (tmp_path / "ran").exists()
    assert read_config(path, trust=True).model == {} and (tmp_path / "ran").exists()
    with pytest.raises(UserError, match=r"nested deeper than 50|is not valid JSON"):
        read_config(config(tmp_path, f'{{"model": {"[" * 900}{"]" * 900}}}', "config.json"))


def test_long_files_are_not_read_to_their_end(tmp_path):
    with pytest.raises(UserError, match="has more than 4 MB"):
        read_config(config(tmp_path, f"x = '{'a' * MAX_BYTES}'"))


def test_inheriting_from_many_files_ends(tmp_path):
    """Each of thirty files names the next one twice: a billion of them."""
    for number in range(30):
        (tmp_path / f"{number}.py").write_text(f"_base_ = ['{number + 1}.py', '{number + 1}.py']\n")
    (tmp_path / "30.py").write_text("")
    with pytest.raises(UserError, match="inherits from more than 100 files"):
        read_config(config(tmp_path, "_base_ = '0.py'"))


def test_entries_are_merged_as_code_merges_them(tmp_path):
    (tmp_path / "base.py").write_text("model = dict(a=dict(b=1, c=2), d=dict(e=1))\n_kept = (1, 2)\n")
    text = "_base_ = ['base.py']\nmodel = dict(a=dict(b=3), d=dict(_delete_=True, f={{_base_._kept}}))\nx = [*(1, 2), dict(**dict(y=1))]"
    path = config(tmp_path, text)
    assert Config(plain_values(path)).to_dict() == Config.fromfile(path).to_dict()
    assert plain_values(path)["model"] == {"a": {"b": 3, "c": 2}, "d": {"f": (1, 2)}}
    with pytest.raises(UserError, match="dictionary for 'model', which is none"):
        (tmp_path / "base.py").write_text("model = 3")
        plain_values(config(tmp_path, "_base_ = ['base.py']\nmodel = dict(a=1)"))


def test_entries_are_read_and_set_as_code_does(tmp_path):
    text = "a = dict(b=dict(c=1), d=[1, 2])\na['b']['c'] = 5\na['d'][0] = a['b']['c']\ne = dict(a['b'], f=a['d'][-1])\na['b']['g'] = e\n"
    path = config(tmp_path, text)
    assert plain_values(path) == Config.fromfile(path).to_dict()
    assert plain_values(path)["e"] == {"c": 5, "f": 2}
    for line in ("a['x']['y'] = 1", "a['d'][7] = 1", "a['d']['x'] = 1", "a['b']['c']['z'] = 1", "a['b']['h'] = a", "nothing['b'] = 1"):
        with pytest.raises(UserError, match=r"line 6 of .*cannot be read|more than 1000000 values|uses nothing"):
            read_config(config(tmp_path, text + line))


def test_values_alone_are_not_run(tmp_path, monkeypatch):
    """Whoever made them: they are read, which is what running them would give; anything more is run."""
    monkeypatch.setattr(Config, "fromfile", lambda path, **_: Config({"ran": str(path)}))
    plain = tmp_path / "plain.py"
    plain.write_text("x = dict(y=[1, (2, 3)])\n")
    assert run_config(plain).to_dict() == {"x": {"y": [1, (2, 3)]}} and run_config(plain).filename == str(plain)
    for text in ("x = str(3)", "x = '{{ fileBasename }}'", "custom_imports = dict(imports=['a'])", "x = dict(type='os.path')", "x = ("):
        plain.write_text(text)
        assert run_config(plain).ran == str(plain)


def forbidden(path):
    raise PermissionError(path)


def test_what_counts_as_made_by_others(tmp_path, monkeypatch):
    """A file beside a checkpoint, unless a training reads it; the command line has the last word."""
    path = tmp_path / "own.py"
    path.write_text(f"_base_ = ['{tiny.ROOT / tiny.CONFIG}']\nwork_dir = str(3)\n")
    assert not may_be_of_others(path)
    load_config(path, training=False)
    with pytest.raises(UserError, match="holds code"):
        load_config(path, training=False, trust=False)
    for name in ("latest.PTH", "model.ckpt", "latest.pth"):
        (tmp_path / name).touch()
        assert may_be_of_others(path)
        (tmp_path / name).unlink()
    with monkeypatch.context() as hidden:  # a folder that may be entered and not be listed
        hidden.setattr(Path, "iterdir", forbidden)
        assert may_be_of_others(path)
    (tmp_path / "latest.pth").touch()
    assert may_be_of_others(path)
    with pytest.raises(UserError, match="holds code"):
        load_config(path, training=False)
    assert load_config(path, training=False, trust=True).work_dir == load_config(path).work_dir == "3"


def test_a_folder_that_holds_a_config_and_its_checkpoint_elsewhere(tmp_path, monkeypatch):
    """A released folder with places of their own for both; where we work, our own configs and runs lie so."""
    config, state = tmp_path / "released/configs/a.py", tmp_path / "released/weights/latest.pth"
    for file in (config, state):
        file.parent.mkdir(parents=True)
        file.touch()
    assert may_be_of_others(config, state) and not may_be_of_others(config)
    assert not may_be_of_others(tiny.ROOT / tiny.CONFIG, state)
    monkeypatch.chdir(tmp_path)
    assert may_be_of_others("released/configs/a.py", "released/weights/latest.pth")
    config.write_text("x = open('y')")
    with pytest.raises(UserError, match="holds code"):
        init_model(config, state, "cpu")
    monkeypatch.chdir(tmp_path / "released")
    assert not may_be_of_others("configs/a.py", "weights/latest.pth")


@pytest.mark.parametrize("tool", ["test", "export", "browse_dataset", "check_data", "print_config"])
def test_tools_run_no_config_of_others(tool, fails, tmp_path):
    path = config(tmp_path, f"x = open({str(tmp_path / 'ran')!r}, 'w')")
    words = {"test": [tmp_path / "latest.pth"], "export": [tmp_path / "latest.pth", "--out", tmp_path / "out"]}.get(tool, [])
    assert "holds code" in fails(importlib.import_module(f"tools.{tool}").main, path, *words)
    assert not (tmp_path / "ran").exists()


def test_the_config_of_a_run_reads_back(tmp_path):
    """Whatever a training writes is plain: it is evaluated as before."""
    cfg = load_config(tiny.ROOT / tiny.CONFIG)
    path = config(tmp_path, config_text(cfg))
    assert load_config(path, training=False).to_dict() == cfg.to_dict()


@pytest.mark.parametrize("function", ["collate_fn", "worker_init_fn"])
def test_functions_of_a_loader_are_registered_ones(function, tiny_data, tmp_path, monkeypatch):
    """mmengine imports a module of any name."""
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    loader = load_config(tiny.ROOT / tiny.CONFIG, tiny.values(tiny_data)).val_dataloader
    for wrong, reason in (
        ({"type": "evil"}, "'evil' is not a registered function"),
        (None, "a dictionary with the key 'type', but got None"),
    ):
        with pytest.raises(UserError, match=reason):
            build_loader_config({**loader, function: wrong})
    assert not (tmp_path / "ran").exists()
    assert len(list(build_loader(build_loader_config({**loader, "collate_fn": {"type": "pseudo_collate"}})))) == 1
