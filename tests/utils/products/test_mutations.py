"""Products that were changed at random: what reads them gives a result or one line, and what is documented to be rewritten is.

A change is one of structure, type, value, length or bytes; each is a function of (seed, number), so that a failure can be looked at.
More than CI tries, for a night: python -m pytest -n 0 tests/utils/products/test_mutations.py --mutations 5000
"""

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmseg.apis.launching.launch import report
from mmseg.apis.launching.listing import list_rows
from mmseg.apis.preparing.label_folder import new_header, open_folder
from mmseg.apis.reporting.files import csv_text, markdown_text_of, write_summary
from mmseg.apis.reporting.summary import collect
from mmseg.apis.reporting.tables import print_tables, study_tables
from mmseg.datasets import FolderDataset, GTADataset, RareClassOptions
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import GTA
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table
from mmseg.datasets.statistics.counts_file import COUNTS_FILE, write_counts
from mmseg.datasets.statistics.files import CLASS_FILE, FINGERPRINT_FILE, STATS_DICT_FILE, STATS_FILE
from mmseg.demo.choices import MANIFEST, Parameters
from mmseg.engine.hooks import ResultHook
from mmseg.evaluation.class_health import dead_classes
from mmseg.evaluation.curve import read_curve
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER
from mmseg.utils.storage.files import write_json
from tests.apis.fake_study import evaluation, make_study
from tests.datasets.toy import write_png
from tools.make_demo_data import make_demo_data

SEED = 14
SHARES = {
    "evaluations.json": 90,
    "result.json": 80,
    STATS_FILE: 60,
    CLASS_FILE: 50,
    FINGERPRINT_FILE: 50,
    COUNTS_FILE: 50,
    MANIFEST: 60,
    HEADER: 60,
}
"""How many changes of each file are tried."""

VALUES = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.5, 1e300, -1e300, 2**62, 10**400, float("nan"), float("inf")),
    *("", "x", "7", "a/../b", "\udc80", "ä\n", [], {}, [[]], [None], {"": None}, {"mIoU": None}, [1, 2, 3]),
)


def places(value: object) -> list[tuple[object, object]]:
    """Every (container, key or index) below a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, entry in inner for place in ((value, key), *places(entry))]


def changed_value(rng: random.Random, value: object) -> object:
    if isinstance(value, (int, float)) and abs(value) < 1e300 and rng.random() < 0.4:
        return rng.choice([-value, value * 1000, value + 0.5, str(value), value * 10**18])
    return rng.choice(VALUES)


def changed_content(rng: random.Random, data: bytes) -> bytes:
    """Other structure, types or values."""
    content = json.loads(data)
    found = places(content)
    if not found or rng.random() < 0.1:
        return json.dumps(rng.choice([*VALUES, [content], {"a": content}])).encode()
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        container, key = rng.choice(found)
        action = rng.choice(["set", "set", "set", "remove", "rename", "repeat"])
        present = key in container if isinstance(container, dict) else key < len(container)
        if not present:
            continue
        if action == "remove":
            del container[key]
        elif action == "rename" and isinstance(container, dict):
            container[rng.choice(["x", "-1", "18", "19", "300", "٣", "version", f"{key} "])] = container.pop(key)
        elif action == "repeat" and isinstance(container, list):
            container.append(container[key])
        else:
            container[key] = changed_value(rng, container[key])
    return json.dumps(content).encode()


def changed_bytes(rng: random.Random, data: bytes) -> bytes:
    """Cut, with other bytes, or in another encoding."""
    place = rng.randrange(len(data))
    return rng.choice(
        [
            data[:place],
            data[place:],
            data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :],
            data[:place] + bytes(rng.randrange(256) for _ in range(4)) + data[place:],
            data[:place] + b"9" * 5000 + data[place:],
            data.decode().encode("utf-16"),
            b"\xef\xbb\xbf" + data,
            b"",
            b"[" * 100_000,
        ]
    )


def changed(number: int, data: bytes) -> bytes:
    rng = random.Random(f"{SEED} {number}")
    return (changed_content if rng.random() < 0.8 else changed_bytes)(rng, data)


@dataclass(frozen=True)
class Product:
    """A file, and what users' commands do with it; ``read`` raises UserError, or nothing where the file is rewritten."""

    path: Path
    read: Callable[[], object]
    rewritten: bool = False


CURVE = [
    evaluation(500, 20.0, {"road": 55.0, "bus": 30.0, "train": None}, pseudo_share={"road": 90.0, "bus": 10.0}),
    evaluation(1000, 40.5, {"road": 75.5, "bus": 0.0, "train": None}, pseudo_share={"road": 100.0, "bus": 0.0}, version=1),
]


@pytest.fixture(scope="module")
def run_products(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    study, runs = make_study(folder, ["a"], seeds=(0, 1))
    for run in runs["7.1"]:
        run.folder.mkdir(parents=True)
        write_json(run.folder / "evaluations.json", CURVE)
        write_json(run.folder / "result.json", {**CURVE[-1], "seed": run.cfg.seed, "environment": {"torch": "2"}})
    run = runs["7.1"][0]
    evaluates = SimpleNamespace(evaluator=SimpleNamespace(metrics=[]))
    runner = SimpleNamespace(work_dir=str(run.folder), iter=1500, hooks=[], cfg=run.cfg, val_loop=evaluates)
    read_ones = itertools.count()

    def read() -> None:
        run.result, run.curve  # noqa: B018
        list_rows(study, runs)
        summary = collect(study, runs)
        print_tables(study_tables(summary, per_class=True))
        markdown_text_of(summary, 7, "command"), csv_text(summary, 7)
        if next(read_ones) % 6 == 0:  # charts take a second
            write_summary(summary, 7, folder / "summary", "command")
        report(run)

    def go_on() -> None:
        before = (run.folder / "evaluations.json").read_bytes()
        ResultHook().before_train(runner)
        dead_classes(read_curve(run.folder), 1000)
        ResultHook().after_val_epoch(runner, {"mIoU": 1.0})
        assert read_curve(run.folder)[-1] == {"version": 1, "iteration": 1500, "metrics": {"mIoU": 1.0}}
        (run.folder / "evaluations.json").write_bytes(before)
        read()

    return {"evaluations.json": Product(run.folder / "evaluations.json", go_on), "result.json": Product(run.folder / "result.json", read)}


@pytest.fixture(scope="module")
def statistics_products(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "gta"
    for number in ("00001", "00002"):
        write_png(root / f"images/{number}.png", np.zeros((6, 4, 3), np.uint8))
        write_png(root / f"labels/{number}.png", np.repeat(np.uint8([[7, 7, 11, 23]]), 6, axis=0))
    convert_dataset(root=root, raw=GTA, nproc=1)

    def read() -> None:
        table = build_rare_class_table(GTADataset(data_root=str(root), ann_dir="labels"), RareClassOptions(min_pixels=1, class_temp=0.01))
        assert set(table.classes.tolist()) <= set(range(19)) and np.isfinite(table.probabilities).all()
        assert all(index in (0, 1) for files in table.files.values() for index in files)

    return {name: Product(root / name, read) for name in (STATS_FILE, CLASS_FILE, FINGERPRINT_FILE, STATS_DICT_FILE)}, root


@pytest.fixture(scope="module")
def counts_products(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    write_png(folder / "images/a.png", np.zeros((4, 8, 3), np.uint8))
    write_png(folder / "labels/a.png", np.uint8([[0, 1, 1, 1, 1, 1, 1, 7]] * 4))
    options = {"images": str(folder / "images"), "labels": str(folder / "labels"), "classes": ["sky", "grass"], "ignore": [7]}

    def read() -> None:
        """A number that somebody else could have counted is believed; whatever else is wrong is counted again."""
        found = FolderDataset(**options).class_statistics()
        kept = json.loads((folder / "labels" / COUNTS_FILE).read_bytes())["files"]["a.png"]
        assert found.pixels == {int(raw): count for raw, count in kept.items() if raw != "7"}
        assert set(found.pixels) <= {0, 1} and all(0 <= count <= 2**53 for count in found.pixels.values())

    read()
    return {COUNTS_FILE: Product(folder / "labels" / COUNTS_FILE, read, rewritten=True)}


@pytest.fixture(scope="module")
def made_products(tmp_path_factory):
    """The header of pseudo-labels, for who trains on them and for who goes on making them."""
    folder = tmp_path_factory.mktemp("made")
    write_png(folder / "images/a.png", np.zeros((4, 8, 3), np.uint8))
    write_png(folder / "labels/a.png", np.uint8([[0, 1, 1, 1, 1, 1, 1, 255]] * 4))
    torch.save({"state_dict": {}}, folder / "a.pth")
    settings = {"soft": False, "class_quantile": 0.5}
    header = new_header(folder / "a.pth", ["sky", "grass"], ["a.png"], settings, "python tools/prepare/pseudo_labels.py … --out labels")
    whole = {**header, "complete": True, "shares": {"sky": 12.5, "grass": 75.0}, "limits": {"sky": 0.5, "grass": 0.9}, "levels": [3, 4]}
    write_json(folder / "labels" / HEADER, whole)
    write_counts(folder / "labels", {"a.png": {0: 4, 1: 24, 255: 4}}, folder / "labels")

    def read() -> None:
        data = FolderDataset(images=str(folder / "images"), labels=str(folder / "labels"), classes=["sky", "grass"])
        pixels = data.class_statistics().pixels
        assert pixels == {0: 4, 1: 24} if data.made else not pixels.keys() - {0, 1}
        open_folder(folder / "labels", header)

    return {HEADER: Product(folder / "labels" / HEADER, read)}


@pytest.fixture(scope="module")
def demo_products(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    parameters = Parameters(width=64, height=32, source=1, target=1, val=1)
    make_demo_data(out=out, parameters=parameters)
    return {MANIFEST: Product(out / MANIFEST, lambda: make_demo_data(out=out, parameters=parameters))}


@pytest.fixture(scope="module")
def products(run_products, statistics_products, counts_products, demo_products, made_products):
    return {**run_products, **statistics_products[0], **counts_products, **demo_products, **made_products}


@pytest.mark.parametrize("name", SHARES)
def test_a_result_or_one_line(products, name, capsys, pytestconfig):
    product = products[name]
    whole, refused = product.path.read_bytes(), 0
    product.read()  # the file as it is
    for number in range(SHARES[name] * pytestconfig.getoption("mutations") // 500):
        data = changed(number, whole)
        product.path.write_bytes(data)
        try:
            product.read()
        except UserError as error:
            line = str(error)
            assert (
                (not product.rewritten or "holds the id" in line)
                and "\n" not in line
                and str(product.path.parent) in line
                and (line.endswith((".", "/gta", "--val 1")) or "with: " in line)  # the command may have been changed as well
            ), line
            refused += 1
        except Exception as error:
            raise AssertionError(f"change {number} of {name}: {data[:300]!r}") from error
        finally:
            product.path.write_bytes(whole)
    capsys.readouterr()
    assert product.rewritten or refused > (number + 1) / 3


def test_five_hundred():
    assert sum(SHARES.values()) == 500


@pytest.mark.parametrize("name", [STATS_FILE, STATS_DICT_FILE, CLASS_FILE, FINGERPRINT_FILE])
def test_the_converter_writes_statistics_again(statistics_products, name):
    products, root = statistics_products
    whole = {file: (root / file).read_bytes() for file in products}
    for number in range(15):
        data = changed(number, whole[name])
        (root / name).write_bytes(data)
        convert_dataset(root=root, raw=GTA, nproc=1)
        for file, content in whole.items():
            now, before = json.loads((root / file).read_bytes()), json.loads(content)
            assert now == before or (file == FINGERPRINT_FILE and now["contents"] == before["contents"]), number
        products[name].read()
