"""docs/extend.md: every example lives in a folder outside the package, passes its test and trains; its run folder travels."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests import tiny

PAGE = (tiny.ROOT / "docs" / "extend.md").read_text()
SECTIONS = {text.splitlines()[0]: re.findall(r"```python\n# (\S+)\n(.*?)```", text, re.DOTALL) for text in PAGE.split("\n## ")[1:]}
FILES = {name: text for snippets in SECTIONS.values() for name, text in snippets}
CONFIGS = sorted(name for name in FILES if name.endswith("_demo.py"))
STUDIES = ("A study row", "A chain of trainings")
TRAIN = """
import json, sys
from mmseg.apis.training.train import train
from mmseg.config import load_config
for config, (work_dir, options) in json.load(sys.stdin).items():
    train(load_config(config, options), work_dir)
"""
DIGESTS = """
import json, sys
from pathlib import Path
from mmseg.config.config import load_config
from mmseg.config.identity import digest
digests = []
for changes in json.load(sys.stdin):
    for name, text in changes.items():
        Path(name).write_text(text)
    digests.append(digest(load_config("sharp_dacs_demo.py")))
print(json.dumps(digests))
"""
MISTAKES = """
import json, sys
from mmseg.config import load_config
from mmseg.engine.parts import build_model
from mmseg.utils.errors import UserError
lines = []
for config in json.load(sys.stdin):
    try:
        build_model(load_config(config))
        lines.append(None)
    except UserError as error:
        lines.append(str(error))
print(json.dumps(lines))
"""
LINES = {
    "custom_imports = dict(imports=['sharp_dcas'])": "custom_imports names 'sharp_dcas', which is neither in",
    "custom_imports = dict(imports=['broken'])": "the module 'broken' of custom_imports fails: ZeroDivisionError",
    "custom_imports = dict(import_=['sharp_dacs'])": "Write custom_imports=dict(imports=['my_module'])",
    "uda = dict(sharpnes=0.1)": "SharpDACS got an unexpected option 'sharpnes'. Did you mean 'sharpness'?",
    "temperature = 3": "unknown key 'temperature'. Remove it; if the file only uses it for other entries, call it _temperature.",
    "custom_import = dict(imports=['sharp_dacs'])": "unknown key 'custom_import'. Did you mean 'custom_imports'?",
    "uda = dict(objectives=dict(mixd=None))": "uda.objectives.mixd is no objective of this method. Did you mean 'mixed'?",
    "uda = dict(objectives=dict(source=None, mixed=None, entropy=None))": "has no objective, so nothing would be trained",
    "uda = dict(objectives=dict(mixed=3))": "uda.objectives.mixed is 3. Use None to leave it out, or a dictionary with its options.",
    "uda = dict(labeling=[dict(type='IgnoreRows', top=3)])": "uda.labeling and the options that it replaces are both given.",
    "uda = dict(pseudo_threshold=None, labeling=[dict(type='IgnoreRow')])": "not a registered labeling stage. Did you mean 'IgnoreRows'?",
    "uda = dict(_delete_=True, type='SourceOnly', labeling=[])": "SourceOnly has no teacher, so uda.labeling labels nothing.",
    "uda = dict(_delete_=True, type='SourceOnly', objectives=dict(m=dict(type='MixedSupervision')))": "MixedSupervision needs a teacher",
    "uda = dict(objectives=dict(align=dict(type='AlignToSource', loss='LSS', weights=dict(main=1))))": "loss='LSS' is not known",
}
"""Mistakes in a config, and what is said about them."""


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """The folder of the page, as it would lie in a clone."""
    clone = tmp_path_factory.mktemp("clone")
    for name in ("configs", "mmseg", "tools", "test.sh"):
        (clone / name).symlink_to(tiny.ROOT / name)
    folder = clone / "projects" / "mine"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def small(data, config: str) -> dict[str, object]:
    """Options of a training of seconds; a plain network has no detail crop and no windows."""
    values = tiny.values(data)
    if "daformer" in FILES[config]:
        values = {key: value for key, value in values.items() if not key.startswith("model.")}
    if "rare_class_sampling=None" in FILES[config]:
        del values["train_dataloader.dataset.rare_class_sampling"]
    return values


def run(command: list[str], folder, given: object = None) -> str:
    """What a command prints; ``given`` is its standard input, as JSON."""
    options = {"capture_output": True, "text": True, "timeout": 600, "check": False}
    environment = {**tiny.environment(), "PYTHONPATH": str(tiny.ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, input=json.dumps(given), **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def apart(mine, tmp_path):
    """A copy of the folder that may be changed."""
    folder = shutil.copytree(mine, tmp_path / "mine")
    for config in CONFIGS:
        (folder / config).write_text(FILES[config].replace("../../configs", str(tiny.ROOT / "configs")))
    return folder


@pytest.fixture(scope="module")
def trained(mine, tiny_data, tmp_path_factory):
    """The run folder of every example, by its config; the trainings share a process, as their modules may."""
    folder = tmp_path_factory.mktemp("runs")
    runs = {config: folder / config.removesuffix(".py") for config in CONFIGS}
    run([sys.executable, "-c", TRAIN], mine, {config: (str(runs[config]), small(tiny_data, config)) for config in CONFIGS})
    return runs


@pytest.mark.parametrize("section", SECTIONS)
def test_an_example_is_short_and_complete(section):
    """One file, one test and, but for studies, which name it, one config: 40 lines in all."""
    names = [name for name, _ in SECTIONS[section]]
    assert sum(name.startswith("test_") for name in names) == 1
    assert sum(name.endswith("_demo.py") for name in names) == (section not in STUDIES) and len(names) == 3 - (section in STUDIES)
    assert sum(len(text.strip().splitlines()) for _, text in SECTIONS[section]) <= 40


def test_the_examples_pass_their_tests(mine):
    printed = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(mine)], tiny.ROOT)
    assert f"{len(SECTIONS)} passed" in printed


@pytest.mark.parametrize("config", CONFIGS)
def test_an_example_trains(config, trained):
    assert json.loads((trained[config] / "result.json").read_text())["iteration"] == 2
    module = config.replace("_demo", "")
    assert (trained[config] / module).read_text() == FILES[module]


def test_a_run_folder_is_evaluated_and_continued_elsewhere(trained, tmp_path):
    """With the code that it was trained with, and without the user's folder on the path."""
    elsewhere = shutil.copytree(trained["sharp_dacs_demo.py"], tmp_path / "elsewhere")
    run(["sh", str(tiny.ROOT / "test.sh"), str(elsewhere), "--trust-config"], tmp_path)
    assert len(list((elsewhere / "preds").rglob("*.png"))) == 2
    again = tiny.command("tools/train.py", str(elsewhere / "config.py"), "--work-dir", str(elsewhere), "--resume")
    run([*again, "--cfg-options", "train_cfg.max_iters=3", "train_cfg.val_interval=3"], tmp_path)
    assert json.loads((elsewhere / "result.json").read_text())["iteration"] == 3


def test_the_digest_covers_the_source_of_own_modules(apart):
    module = FILES["sharp_dacs.py"]
    changes = [
        {},
        {"unrelated.py": "x = 1\n"},
        {"sharp_dacs.py": f"{module}\nimport helper\n", "helper.py": "x = 1\n"},
        {"helper.py": "x = 2\n"},
        {"sharp_dacs.py": module},
    ]
    first, unrelated, longer, other, back = json.loads(run([sys.executable, "-c", DIGESTS], apart, changes))
    assert first == unrelated == back and len({first, longer, other}) == 3


def test_a_mistake_is_one_line(apart):
    (apart / "broken.py").write_text("1 / 0\n")
    files = [apart / f"mistake_{number}.py" for number in range(len(LINES))]
    for file, line in zip(files, LINES, strict=True):
        file.write_text(f"_base_ = ['sharp_dacs_demo.py']\n{line}\n")
    said = json.loads(run([sys.executable, "-c", MISTAKES], apart, [str(file) for file in files]))
    for text, words in zip(said, LINES.values(), strict=True):
        assert text is not None and words in text and "\n" not in text, (words, text)


def test_another_module_of_the_same_name_is_refused(apart, tmp_path):
    other = shutil.copytree(apart, tmp_path / "other")
    (other / "sharp_dacs.py").write_text(FILES["sharp_dacs.py"] + "\n# changed\n")
    configs = [str(folder / "sharp_dacs_demo.py") for folder in (apart, other)]
    first, second = json.loads(run([sys.executable, "-c", MISTAKES], tmp_path, configs))
    assert first is None and "is not the one of this name that is already imported from" in second
