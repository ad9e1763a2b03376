"""Weights & Biases and MLflow, offline and where they are installed; and what is said where they are not."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import VISBACKENDS

from mmseg.engine.parts import check_engine_parts
from mmseg.utils.errors import UserError
from mmseg.visualization.backends import loggers
from mmseg.visualization.backends.loggers import MLflowVisBackend, WandbVisBackend, check_installed
from mmseg.visualization.backends.tensorboard import NamedTensorboardBackend
from tests import tiny
from tools import train as train_tool

CONFIG = Config({"uda": {"alpha": 0.9}, "names": ["road", "train"], "long": "x" * 9000})
PICTURE = np.full((4, 6, 3), 200, np.uint8)
BACKENDS = {"wandb": WandbVisBackend, "mlflow": MLflowVisBackend}


@pytest.mark.parametrize("package", BACKENDS)
def test_ours_have_the_names_of_mmengine(package):
    assert VISBACKENDS.get(BACKENDS[package].__name__) is BACKENDS[package]


@pytest.mark.parametrize("package", BACKENDS)
def test_a_missing_package_ends_a_training_before_it_starts(package, fails, tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    backend = {"type": BACKENDS[package].__name__}
    options = tiny.options(tiny_data, **{"visualizer.vis_backends": [{"type": "LocalVisBackend"}, backend]})
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", tmp_path / "run", *options)
    assert line == f"{BACKENDS[package].__name__} needs the package {package}, which is not installed. Run 'pip install {package}'."
    assert not (tmp_path / "run").exists()


def test_what_needs_no_package_is_not_asked(monkeypatch):
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    check_installed(NamedTensorboardBackend)


def test_errors_of_the_package_are_one_line():
    error = type("RestException", (Exception,), {"__module__": "mlflow.exceptions"})
    with pytest.raises(UserError, match=r"^mlflow: not found$"), loggers._in_one_line("mlflow"):
        raise error("not found\nmore")
    with pytest.raises(KeyError), loggers._in_one_line("mlflow"):
        raise KeyError("ours")


def fill(backend) -> None:
    backend.add_config(CONFIG)
    backend.add_scalars({"decode.loss_seg": 1.5, "lr": 0.5, "iter": 4}, step=4)
    backend.add_scalars({"mIoU": 20.0, "IoU.traffic light": float("nan"), "IoU.own (x)": 3.0, "step": 6}, step=6)
    backend.add_image("panels", PICTURE, step=6)
    backend.add_scalar("mIoU", 30.0, step=8)


def test_wandb_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="Weights & Biases is not installed (an extra)")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    backend = WandbVisBackend(save_dir=str(tmp_path), init_kwargs={"project": "tests"})
    fill(backend)
    run = backend.experiment.run
    summary = dict(run.summary)
    assert {"loss/total": 1.5, "lr/lr": 0.5, "iou/mean": 30.0, "iteration": 8}.items() <= summary.items()
    assert run.config["uda"] == {"alpha": 0.9}
    backend.close()
    (file,) = tmp_path.rglob("run-*.wandb")
    assert file.stat().st_size > 1000 and len(list(tmp_path.rglob("panels*.png"))) == 1
    assert not list(tmp_path.rglob("*.py"))  # no code of the current folder


def test_mlflow_in_a_data_base(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed (an extra)")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    backend = MLflowVisBackend(save_dir=str(tmp_path / "data"), run_name="first")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "result.json").write_text("{}")
    fill(backend)
    name = mlflow.active_run().info.run_id
    backend.cfg.work_dir = str(tmp_path / "run")
    backend.close()
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'data' / 'mlflow.db'}")
    history = {key: [(entry.step, entry.value) for entry in client.get_metric_history(name, key)] for key in ("iou/mean", "loss/total")}
    assert history == {"iou/mean": [(6, 20.0), (8, 30.0)], "loss/total": [(4, 1.5)]}
    run = client.get_run(name).data
    assert run.metrics["iou/own _x_"] == 3.0 and run.params["uda.alpha"] == "0.9" and run.tags["mlflow.runName"] == "first"
    files = {file.name for file in (tmp_path / "data" / "mlflow_files").rglob("*") if file.is_file()}
    assert {"000006.png", "config.py", "result.json"} <= files
    assert {entry.name for entry in tmp_path.iterdir()} == {"data", "run"}


def test_a_store_that_cannot_be_opened_is_one_line(tmp_path):
    pytest.importorskip("mlflow", reason="MLflow is not installed (an extra)")
    with pytest.raises(UserError, match=r"^mlflow: "):
        MLflowVisBackend(save_dir=str(tmp_path), tracking_uri="nonsense://x").add_config(CONFIG)


def test_options_are_checked():
    parts = {"train_cfg": {"type": "AdaptationTrainLoop"}, "env_cfg": {}, "param_scheduler": []}
    cfg = Config({**parts, "visualizer": {"type": "Visualizer", "vis_backends": [{"type": "WandbVisBackend", "project": "x"}]}})
    with pytest.raises(UserError, match="'project'"):
        check_engine_parts(cfg)
