"""mmengine's runner with exact resume, safe reading and atomic writing of checkpoints."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, _ParamScheduler
from mmengine.registry import LOOPS, PARAM_SCHEDULERS, VISBACKENDS
from mmengine.runner import Runner
from timm.layers import convert_sync_batchnorm
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader

from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.sampling.source_classes import source_note
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.engine.batch_norm import average_statistics
from mmseg.engine.checkpoint import environment, read_checkpoint, save_checkpoint
from mmseg.engine.compile import compile_networks
from mmseg.engine.dry_pass import dry_pass
from mmseg.engine.gradient_exchange import GradientExchange
from mmseg.engine.message_hub import LOG_WINDOW, DeferredMessageHub
from mmseg.engine.optimizers import JointOptimWrapper, build_fused
from mmseg.engine.resume.history import Resumption, as_values, write_configs
from mmseg.engine.resume.restore import restore
from mmseg.engine.resume.state import check_same_run, check_state
from mmseg.engine.trained_for import ORDER, TrainedFor
from mmseg.engine.weights import WITHOUT, covers, load_method, load_resumed
from mmseg.evaluation.metric_config import metric_config
from mmseg.models.uda import UDAMethod
from mmseg.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    VISUALIZERS,
    build_checked,
    check_component,
)
from mmseg.utils.config_text import config_text
from mmseg.utils.engine_options import env_cfg
from mmseg.utils.errors import UserError
from mmseg.utils.float32 import use_real_float32
from mmseg.utils.precision import Precision
from mmseg.utils.randomness import derive_seed
from mmseg.utils.run_folder import RESULT
from mmseg.visualization import tensorboard  # noqa: F401  registers its backend

TOO_LARGE = ("can't allocate memory", "verflow")
"""Words of torch's errors about tensors of too many numbers."""


class AdaptationRunner(Runner):
    """A runner whose state is plain tensors and numbers.

    All randomness of a run derives from (seed, iteration or sample, stream), so the state to resume is:
    networks, optimizer, schedulers, iteration; and, for the log alone, what hooks have counted so far.

    Attributes:
        resumption: from where it goes on, and how; empty for a new training.
    """

    resumption = Resumption()

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

    @property
    def all_schedulers(self) -> list[_ParamScheduler]:
        """The schedules of all optimizers, in their order."""
        grouped = self.param_schedulers
        return list(itertools.chain(*grouped.values())) if isinstance(grouped, dict) else grouped

    def build_message_hub(self, message_hub: None = None) -> DeferredMessageHub:
        """Where the logged values are collected."""
        return DeferredMessageHub.get_instance(self._experiment_name)

    def wrap_model(self, model_wrapper_cfg: None, model: UDAMethod) -> UDAMethod:
        """The method on its device; in a group of processes, its steps average the gradients."""
        if not self.distributed:
            return super().wrap_model(None, model)
        model = model.to(get_device())
        if self.cfg.get("sync_batchnorm"):
            convert_sync_batchnorm(model)
        model.exchange = GradientExchange(model.parameters())
        return model

    def save_state(self, path: str | os.PathLike, iteration: int) -> None:
        """Writes everything that a resume needs, after ``iteration`` finished iterations; each process has to call this."""
        average_statistics(self.network)
        meta = {
            "iteration": iteration,
            "processes": get_world_size(),
            "seed": self.seed,
            "best_score": float(self.checkpoint_hook.best_score),
            "restored_teachers": [teacher.restored for teacher in self.network.teachers],
            "config": config_text(self.cfg),
            "history": as_values(self.resumption.history),
            "CLASSES": list(self.val_dataloader.dataset.metainfo["classes"]),
            "PALETTE": [list(color) for color in self.val_dataloader.dataset.metainfo["palette"]],
            "environment": environment(),
        }
        content = {
            "meta": meta,
            "state_dict": self.network.state_dict(),
            "optimizer": self.optim_wrapper.state_dict(),
            "param_schedulers": [scheduler.state_dict() for scheduler in self.all_schedulers],
            "hooks": {name: hook.state_dict() for name, hook in self.stateful_hooks.items()},
            "logged": {
                name: buffer.data[0][-LOG_WINDOW:].tolist()
                for name, buffer in self.message_hub.log_scalars.items()
                if name.startswith("train/")
            },
        }
        if is_main_process():
            save_checkpoint(path, content)

    def resume(self, filename: str, **_: object) -> None:
        """Restores student, teacher, optimizer, schedulers and iteration.

        Raises:
            UserError: the file is unreadable, of another model, of another seed or of another number of processes.
        """
        content = read_checkpoint(filename)
        check_state(content, filename)
        meta = content["meta"]
        check_same_run(meta, self.seed, filename)
        if self.max_iters < meta["iteration"]:
            fix = "Set train_cfg.max_iters to more, or train in another folder with --work-dir."
            text = f"has {meta['iteration']} iterations behind it, more than the {self.max_iters} of the config"
            raise UserError(f"Checkpoint {filename} {text}. {fix}")
        load_resumed(self.network, content["state_dict"], filename)
        restore(self.optim_wrapper, self.all_schedulers, content, filename, changed=self.resumption.changed)
        self.train_loop._iter = meta["iteration"]
        self.checkpoint_hook.best_score = meta["best_score"]
        for teacher, restored in zip(self.network.teachers, meta.get("restored_teachers", ()), strict=False):
            teacher.restored = restored
        for name, values in content["logged"].items():
            for value in values:
                self.message_hub.update_scalar(name, value)
        for name, hook in self.stateful_hooks.items():
            hook.load_state_dict(content.get("hooks", {}).get(name, {}))
        self._has_loaded = True
        self.logger.info(f"Resumed iteration {self.iter} from {filename}")
        for line in self.resumption.notes:
            self.logger.info(line)
        if self.resumption.changed:
            rates = ", ".join(f"{name} {values[0]:.4g}" for name, values in self.optim_wrapper.get_lr().items() if "base" not in name)
            self.logger.info(f"The schedule is that of the config from iteration {self.iter + 1} on: {rates}")

    def _init_model_weights(self) -> None:
        """Left out where a checkpoint replaces every network: files of starting weights need not exist then."""
        whole = self._load_from and not self.cfg.get("skip_classifier")
        if not (self._resume or (whole and covers(self.network, read_checkpoint(self._load_from)))):
            super()._init_model_weights()

    def load_checkpoint(self, filename: str, *_: object, **__: object) -> dict:
        """Starts from the networks of any checkpoint, see :func:`mmseg.engine.weights.load_method`; iteration 0 follows."""
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
        super().load_or_resume()
        if is_main_process():
            write_configs(Path(self.work_dir), self.cfg, self.resumption.history)
            if self.iter < self.max_iters:
                (Path(self.work_dir) / RESULT).unlink(missing_ok=True)

    def get_hooks_info(self) -> str:
        """One line instead of a page."""
        return "Hooks: " + ", ".join(type(hook).__name__ for hook in self.hooks)

    def _log_env(self, env_cfg: dict) -> None:
        """One line instead of pages: the config lies beside the log, the environment in every checkpoint."""
        versions = ", ".join(f"{name} {version}" for name, version in environment().items())
        self.logger.info(f"{versions}, seed {self.seed}, {torch.get_num_threads()} CPU threads, run folder {self.work_dir}")


def build_model(cfg: Config) -> UDAMethod:
    """The method of a config, with its segmentor and its precision, compiled where it says so; initial weights depend on the seed alone."""
    return compiled(cfg, build_method(cfg))


def build_method(cfg: Config) -> UDAMethod:
    """:func:`build_model` before anything is compiled."""
    use_real_float32()
    torch.manual_seed(derive_seed(cfg.seed, "initial weights"))
    try:
        method = MODELS.build({**cfg.uda, "segmentor": cfg.model, "seed": cfg.seed})
    except (RuntimeError, TypeError) as error:
        if not any(words in str(error) for words in TOO_LARGE):
            raise
        text = "The networks of model do not fit into memory, or into any"
        raise UserError(f"{text}: {str(error).strip().splitlines()[0]}. Correct the widths in model.") from None
    if not method.objectives:  # which builds them: a mistake in one is found before anything is written
        raise UserError(f"The method {cfg.uda.type} in uda has no objective, so nothing would be trained. Keep one of them.")
    method.precision = Precision(cfg.get("precision", "fp32"))
    return method


def compiled(cfg: Config, method: UDAMethod) -> UDAMethod:
    """The method itself, with its networks compiled where the config says so."""
    if cfg.get("compile"):
        compile_networks(method)
    return method


def build_loader_config(loader: dict, **dataset_options: object) -> dict:
    """A dataloader config with its dataset built, so that a user's mistake in it is one clear line."""
    check_component({**loader, "type": DataLoader}, DATASETS)
    loader = dict(loader)
    options = {"collate_fn": {"type": collate_samples}, "pin_memory": torch.cuda.is_available()}
    options["persistent_workers"] = loader["num_workers"] > 0
    dataset = DATASETS.build({**dataset_options, **loader["dataset"]})
    sampler = DATA_SAMPLERS.build({**loader["sampler"], "dataset": dataset})
    return {**options, **loader, "dataset": dataset, "sampler": sampler}


def build_optimizer(optim_wrapper: dict, model: UDAMethod) -> OptimWrapper:
    """The optimizer wrapper of a config over the trainable parameters of a method, and the method's own optimizers.

    As published, the config's optimizer trains *all* trainable parameters, those with an optimizer of their own
    included: the discriminator of AdvSeg makes two steps per iteration.
    """
    options = {"constructor": "GroupedOptimWrapperConstructor", "paramwise_cfg": None, **optim_wrapper}
    constructor = {"type": options.pop("constructor"), "paramwise_cfg": options.pop("paramwise_cfg")}
    main = OPTIM_WRAPPER_CONSTRUCTORS.build({**constructor, "optim_wrapper_cfg": options})(model)
    own = {
        name: OptimWrapper(build_fused({**spec.optimizer, "params": list(spec.part.parameters())}))
        for name, spec in model.own_optimizers.items()
    }
    return JointOptimWrapper(main=main, **own) if own else main


def schedules(cfg: Config, model: UDAMethod) -> list[dict] | dict[str, list[dict]]:
    """The schedules of a config's optimizer; by the optimizers' names if the method has some of its own."""
    main, end = list(cfg.param_scheduler), cfg.train_cfg.max_iters + 1  # mmengine counts end - begin - 1 steps
    own = {name: [{**spec.schedule, "by_epoch": False, "end": end}] for name, spec in model.own_optimizers.items()}
    return {"main": main, **own} if own else main


def build_evaluator(metric: dict) -> Evaluator:
    """The evaluator of a config's metric."""
    return Evaluator([METRICS.build(metric)])


def check_config(cfg: Config) -> None:
    """Checks what needs neither data nor networks: all that a training compares before it looks for them.

    Raises:
        UserError: names the option or the key.
    """
    check_engine_parts(cfg)
    for part in (cfg.model, cfg.uda):
        check_component(part, MODELS)
    check_class_lists(cfg)


def check_engine_parts(cfg: Config) -> None:
    """Checks what the engine builds later, so that a misspelling is one line before anything is written."""
    check_component(cfg.train_cfg, LOOPS)
    if "test_dataloader" in cfg:  # which an evaluation of the run reads
        check_component(cfg.test_dataloader.dataset, DATASETS)
    check_component({**cfg.env_cfg, "type": env_cfg}, HOOKS)
    check_component(cfg.visualizer, VISUALIZERS)
    for backend in cfg.visualizer.get("vis_backends") or ():
        check_component(backend, VISBACKENDS)
    for scheduler in cfg.param_scheduler:
        check_component(scheduler, PARAM_SCHEDULERS, given=("convert_to_iter_based",))
        tried = {key: value for key, value in scheduler.items() if key != "convert_to_iter_based"}
        build_checked({**tried, "optimizer": SGD([nn.Parameter(torch.zeros(()))], lr=1.0)}, PARAM_SCHEDULERS)


def build_runner(cfg: Config, resumption: Resumption | None = None) -> AdaptationRunner:
    """A runner for training (with validation) from a complete config.

    Args:
        cfg: see :func:`mmseg.config.config.load_config`.
        resumption: what to continue from; goes before ``load_from`` of the config. None starts anew.
    """
    parts = training_parts(cfg)
    dataset = parts["train_dataloader"]["dataset"]
    notes = (source_note(dataset), target_note(dataset, parts["model"]))
    runner = AdaptationRunner(
        **parts,
        work_dir=cfg.work_dir,
        val_cfg={},
        log_processor={"by_epoch": False, "window_size": LOG_WINDOW},
        load_from=resumption.checkpoint if resumption else cfg.get("load_from"),
        resume=resumption is not None,
        randomness={"seed": cfg.seed},
        launcher=cfg.get("launcher", "none"),
        default_scope="mmengine",
        experiment_name=Path(cfg.work_dir).name,
        cfg=cfg,
    )
    runner.resumption = resumption or runner.resumption
    for line in filter(None, notes):
        runner.logger.warning(line)
    return runner


def training_parts(cfg: Config) -> dict[str, object]:
    """What a training consists of, built and compared with each other; nothing is written yet.

    Args:
        cfg: see :func:`mmseg.config.config.load_config`.

    Returns:
        arguments of :class:`AdaptationRunner`.

    Raises:
        UserError: a part is not what its option says, or does not fit the others.
    """
    check_config(cfg)
    default_hooks = {**cfg.default_hooks, "guard": {"type": "GuardHook", **cfg.default_hooks.get("guard", {})}}
    hooks = {name: hook and HOOKS.build(hook) for name, hook in default_hooks.items()}
    train_dataloader = build_loader_config(cfg.train_dataloader, seed=cfg.seed)
    val_dataloader = build_loader_config(cfg.val_dataloader)
    val_dataloader["dataset"][0]  # what is wrong with all validation data is found now, not after thousands of iterations
    model = build_method(cfg)
    sharing = get_world_size() if cfg.get("sync_batchnorm") else 1
    dry_pass(model, train_dataloader["batch_size"] * sharing, train_dataloader["dataset"].sample_size)
    evaluator = build_evaluator(metric_config(cfg))
    evaluator.dataset_meta = val_dataloader["dataset"].metainfo  # a metric of other classes is found now
    return {
        "model": compiled(cfg, model),
        "train_dataloader": train_dataloader,
        "val_dataloader": val_dataloader,
        "val_evaluator": evaluator,
        "train_cfg": cfg.train_cfg,
        "optim_wrapper": build_optimizer(cfg.optim_wrapper, model),
        "param_scheduler": schedules(cfg, model),
        "default_hooks": hooks,
        "custom_hooks": [HOOKS.build(hook) for hook in cfg.get("custom_hooks", [])],
        "visualizer": cfg.visualizer,
        "env_cfg": cfg.env_cfg,
    }


def target_note(dataset: UDADataset, method: UDAMethod) -> str | None:
    """Says that the target is read for nothing; None where a term of the method may look at it, or there is none."""
    if dataset.target is None or not all(getattr(objective, "source_alone", False) for objective in method.objectives.values()):
        return None
    text = f"{type(method).__name__} looks at the source alone: train_dataloader.dataset.target is read for nothing"
    return f"{text}. Remove target and target_crop, or set both to None."
