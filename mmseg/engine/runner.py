"""mmengine's runner with exact resume, safe reading and atomic writing of checkpoints."""

from __future__ import annotations

import functools
import itertools
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import torch
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.optim import _ParamScheduler
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from timm.layers import convert_sync_batchnorm
from torch import nn
from torch.utils.data import DataLoader

from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.engine.batch_norm import average_statistics
from mmseg.engine.checkpoints.checkpoint import environment, read_checkpoint, save_checkpoint
from mmseg.engine.checkpoints.frozen import LeftOut, completed, left_out
from mmseg.engine.checkpoints.trained_for import ORDER, TrainedFor, check_order
from mmseg.engine.checkpoints.weights import WITHOUT, covers, load_method, load_resumed, load_student
from mmseg.engine.gradient_exchange import GradientExchange
from mmseg.engine.message_hub import LOG_WINDOW, DeferredMessageHub
from mmseg.engine.resume.history import Resumption, as_values, write_configs
from mmseg.engine.resume.restore import restore, restore_hooks
from mmseg.engine.resume.state import check_same_run, check_state
from mmseg.engine.stopping import Stopping
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from mmseg.utils.signals import Stopped
from mmseg.utils.storage.logs import Logs
from mmseg.utils.storage.run_folder import LATEST, PREVIOUS, RESULT, check_still_there


class AdaptationRunner(Runner):
    """A runner whose state is plain tensors and numbers.

    All randomness of a run derives from (seed, iteration or sample, stream), so the state to resume is:
    networks, optimizer, schedulers, iteration; and, for the log alone, what hooks have counted so far.

    Attributes:
        resumption: from where it goes on, and how; empty for a new training.
        stopping: what signals ask for.
        logs: what is written beside the state, and may fail.
        evaluation_due: whether it was stopped in an evaluation, which comes first then.
        left_out: what its checkpoints do not hold.
        digest: of the complete config; None where whoever builds it does not say.
        counted: what hooks had counted when the last evaluation began: amid it, the processes cannot ask each other.
    """

    resumption = Resumption()
    evaluation_due = False
    left_out: LeftOut | None = None
    digest: str | None = None
    counted: dict[str, dict]
    stopping: Stopping
    logs: Logs

    @property
    def network(self) -> nn.Module:
        """The method; :meth:`wrap_model` leaves it bare, so that its state has the same keys whatever the number of processes."""
        return self.model

    @property
    def checkpoint_hook(self):
        """The hook that keeps the best score."""
        from mmseg.engine.hooks.checkpoint_hook import CheckpointHook

        return next(hook for hook in self.hooks if isinstance(hook, CheckpointHook))

    @property
    def stateful_hooks(self) -> dict[str, Hook]:
        """The hooks that count on between two iterations, by the names of their classes."""
        return {type(hook).__name__: hook for hook in self.hooks if hasattr(hook, "state_dict")}

    def hook_states(self) -> dict[str, dict]:
        """What those hooks have counted, in all processes; each of them has to call this."""
        return {name: hook.state_dict() for name, hook in self.stateful_hooks.items()}

    @property
    def all_schedulers(self) -> list[_ParamScheduler]:
        """The schedules of all optimizers, in their order."""
        grouped = self.param_schedulers
        return list(itertools.chain(*grouped.values())) if isinstance(grouped, dict) else grouped

    def build_logger(self, *args: object, **kwargs: object) -> MMLogger:
        """The log; its file may fail, which the training survives."""
        logger = super().build_logger(*args, **kwargs)
        self.logs = Logs(logger.warning)
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.handleError = functools.partial(self.logs.handle_error, handler.baseFilename)
        return logger

    def build_visualizer(self, visualizer: dict | Visualizer | None = None) -> Visualizer:
        """What shows values and pictures elsewhere; files that cannot be written are left out."""
        built = super().build_visualizer(visualizer)
        for name, backend in built._vis_backends.items():
            self.logs.guard(backend, name, ("add_config", "add_graph", "add_image", "add_scalar", "add_scalars", "close"))
        return built

    def build_message_hub(self, message_hub: None = None) -> DeferredMessageHub:
        """Where the logged values are collected."""
        return DeferredMessageHub.get_instance(self._experiment_name)

    @staticmethod
    def build_dataloader(dataloader: dict | DataLoader, *options: object, **more: object) -> DataLoader:
        """As mmengine's, and steady."""
        return SteadyLoader.like(Runner.build_dataloader(dataloader, *options, **more))

    def wrap_model(self, model_wrapper_cfg: None, model: UDAMethod) -> UDAMethod:
        """The method on its device; in a group of processes, its steps average the gradients."""
        if not self.distributed:
            return super().wrap_model(None, model)
        model = model.to(get_device())
        if self.cfg.get("sync_batchnorm"):
            convert_sync_batchnorm(model)
        model.exchange = GradientExchange(model.parameters())
        return model

    def _maybe_compile(self, target: str) -> None:
        """Nothing: ``compile=True`` is for encoders and decoders (:mod:`mmseg.engine.compile`), and not also for the step as a whole."""

    def end(self, number: int, *, evaluation_due: bool) -> NoReturn:
        """Ends the training between two iterations, with its state in ``latest.pth``.

        Args:
            number: of the signal that asks for it.
            evaluation_due: whether the evaluation after this iteration was not made, or not to its end.

        Raises:
            Stopped: always.
        """
        self.save_state(Path(self.work_dir) / LATEST, iteration=self.iter, evaluation_due=evaluation_due)
        self.stop(number)

    def stop(self, number: int) -> NoReturn:
        """As :meth:`end`, where the state of this iteration is written already."""
        raise Stopped(number, agreed=self.stopping.together(), iteration=self.iter)

    def save_state(self, path: str | os.PathLike, iteration: int, *, evaluation_due: bool = False) -> None:
        """Writes everything that a resume needs, after ``iteration`` finished iterations; each process has to call this.

        Except where an evaluation is due: before it, the processes have agreed on their statistics and on what they have counted.
        """
        if not evaluation_due:
            average_statistics(self.network)
        meta = {
            "iteration": iteration,
            "evaluation_due": evaluation_due,
            "processes": get_world_size(),
            "seed": self.seed,
            "best_score": float(self.checkpoint_hook.best_score),
            "rectified": self.network.rectified,
            "restored_teachers": [teacher.restored for teacher in self.network.teachers],
            "normalisation": self.network.data_preprocessor.statistics,
            "config": config_text(self.cfg),
            "history": as_values(self.resumption.history),
            "CLASSES": list(self.val_dataloader.dataset.metainfo["classes"]),
            "PALETTE": [list(color) for color in self.val_dataloader.dataset.metainfo["palette"]],
            "environment": environment(),
        }
        state = self.network.state_dict()
        for hook in self.hooks:
            if hasattr(hook, "evaluated_state"):  # as WeightAverageHook
                state |= hook.evaluated_state()
        if self.left_out is not None:
            state, meta["frozen"] = self.left_out.without(state), self.left_out.as_values()
        content = {
            "meta": meta,
            "state_dict": state,
            "optimizer": self.optim_wrapper.state_dict(),
            "param_schedulers": [scheduler.state_dict() for scheduler in self.all_schedulers],
            "hooks": self.counted if evaluation_due else self.hook_states(),
            "logged": {
                name: buffer.data[0][-LOG_WINDOW:].tolist()
                for name, buffer in self.message_hub.log_scalars.items()
                if name.startswith("train/")
            },
        }
        if is_main_process():
            path = Path(path)
            check_still_there(Path(self.work_dir))
            save_checkpoint(path, content, path.with_name(PREVIOUS) if path.name == LATEST else None)

    def resume(self, filename: str, **_: object) -> None:
        """Restores student, teacher, optimizer, schedulers and iteration.

        Raises:
            UserError: the file is unreadable, of another model, order of classes, seed or number of processes.
        """
        content = read_checkpoint(filename)
        check_state(content, filename)
        meta = content["meta"]
        check_same_run(meta, self.seed, filename)
        if self.max_iters < meta["iteration"]:
            fix = "Set train_cfg.max_iters to more, or train in another folder with --work-dir."
            text = f"has {meta['iteration']} iterations behind it, more than the {self.max_iters} of the config"
            raise UserError(f"Checkpoint {filename} {text}. {fix}")
        trained, given = TrainedFor.of(content).classes or (), self.val_dataloader.dataset.metainfo["classes"]
        if len(trained) == len(given):
            check_order(trained, given, f"Checkpoint {filename} was trained", "the config", ORDER)
        other_statistics = TrainedFor.of(content).normalisation_warning(self.network.data_preprocessor, filename)
        load_resumed(self.network, completed(content, self.network.model, filename)["state_dict"], filename)
        restore(self.optim_wrapper, self.all_schedulers, content, filename, changed=self.resumption.changed)
        self.train_loop._iter = meta["iteration"]
        self.evaluation_due = meta.get("evaluation_due", False)
        self.checkpoint_hook.best_score = meta["best_score"]
        for teacher, restored in zip(self.network.teachers, meta.get("restored_teachers", ()), strict=False):
            teacher.restored = restored
        for name, values in content["logged"].items():
            for value in values:
                self.message_hub.update_scalar(name, value)
        restore_hooks(self.stateful_hooks, content.get("hooks", {}), filename)
        self._has_loaded = True
        self.logger.info(f"Resumed iteration {self.iter} from {filename}")
        for line in self.resumption.notes:
            self.logger.info(line)
        for line in (*self.resumption.warnings, *other_statistics):
            self.logger.warning(line)
        if self.resumption.changed:
            rates = ", ".join(f"{name} {values[0]:.4g}" for name, values in self.optim_wrapper.get_lr().items() if "base" not in name)
            self.logger.info(f"The schedule is that of the config from iteration {self.iter + 1} on: {rates}")

    def _init_model_weights(self) -> None:
        """Left out where a checkpoint replaces every network: files of starting weights need not exist then."""
        whole = self._load_from and not self.cfg.get("skip_classifier")
        if not (self._resume or (whole and covers(self.network, read_checkpoint(self._load_from)))):
            super()._init_model_weights()

    def load_checkpoint(self, filename: str, *_: object, **__: object) -> dict:
        """Starts from the networks of any checkpoint, see :func:`mmseg.engine.checkpoints.weights.load_method`; iteration 0 follows."""
        content, skip = read_checkpoint(filename), self.cfg.get("skip_classifier", False)
        for line in load_method(self.network, content, filename, skip_classifier=skip):
            self.logger.info(line)
        info = self.val_dataloader.dataset.metainfo
        known = replace(TrainedFor.of(content), classes=None, palette=None) if skip else TrainedFor.of(content)
        for line in known.warnings(info["classes"], info["palette"], self.network.data_preprocessor, filename, f"{ORDER[:-1]}, {WITHOUT}"):
            self.logger.warning(line)
        self._has_loaded = True
        return content

    def dump_config(self) -> None:
        """Not yet: a run that cannot start, or cannot resume, leaves the folder as it was."""

    def load_or_resume(self) -> None:
        """The last step before training: once it has worked, the config is written, and a result of fewer iterations is none."""
        for name, path in () if self._resume else self.network.networks_from.items():
            self.logger.info(load_student(self.network.get_submodule(name), path))
        super().load_or_resume()
        if self.checkpoint_hook.weights == "trainable":
            self._leave_out()
        if is_main_process():
            write_configs(Path(self.work_dir), self.cfg, self.resumption.history)
            if self.iter < self.max_iters:
                (Path(self.work_dir) / RESULT).unlink(missing_ok=True)

    def _leave_out(self) -> None:
        """Compares what is frozen with its file, and says what checkpoints will hold."""
        self.left_out = left_out(self.network)
        if self.left_out is None:
            why = "no frozen weights, or they are not those of model.pretrained"
            self.logger.info(f"Checkpoints hold all weights: the encoder has {why}")
        else:
            text = f"Checkpoints hold what is trained, and the SHA-256 of the {len(self.left_out.names)} frozen entries of"
            self.logger.info(f"{text} {self.left_out.pretrained}: keep this file")

    def get_hooks_info(self) -> str:
        """One line instead of a page."""
        return "Hooks: " + ", ".join(type(hook).__name__ for hook in self.hooks)

    def _log_env(self, env_cfg: dict) -> None:
        """One line instead of pages: the config lies beside the log, the environment in every checkpoint."""
        versions = ", ".join(f"{name} {version}" for name, version in environment().items())
        self.logger.info(f"{versions}, seed {self.seed}, {torch.get_num_threads()} CPU threads, run folder {self.work_dir}")
