"""The parts of a training, built from its config, checked and compared with each other."""

from __future__ import annotations

import os

import torch
from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.evaluator import Evaluator
from mmengine.optim import OptimWrapper
from mmengine.registry import FUNCTIONS, LOOPS, PARAM_SCHEDULERS, VISBACKENDS
from mmengine.runner import Runner
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader

from mmseg.datasets.base import class_info
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.collate import collate_samples
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.engine.compile import compile_networks
from mmseg.engine.dry_pass import dry_pass
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.engine.hooks.result_hook import ResultHook
from mmseg.engine.optimizers import JointOptimWrapper, build_fused
from mmseg.engine.optimizers.rates import scaled_rate
from mmseg.evaluation.metric_config import metric_config
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.depth_distribution.options import check_mixtures
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
    component_of,
)
from mmseg.utils.computing.float32 import use_real_float32
from mmseg.utils.computing.precision import Precision
from mmseg.utils.computing.threads import loader_workers
from mmseg.utils.errors import UserError
from mmseg.utils.options.engine_options import env_cfg
from mmseg.utils.randomness import derive_seed
from mmseg.utils.signals import shield_worker
from mmseg.visualization.backends import local_files, tensorboard  # noqa: F401  register their backends
from mmseg.visualization.backends.loggers import check_installed

NEEDED_HOOKS = {
    "checkpoint": "nothing that is learned would be kept",
    "guard": "weights that are ruined would be trained on",
    "param_scheduler": "the learning rate would stay at its first value, that of the warm-up",
}
"""What happens without a hook of ``default_hooks``."""
LOADER_FUNCTIONS = {"collate_fn", "worker_init_fn"}
TOO_LARGE = ("can't allocate memory", "verflow")
"""Words of torch's errors about tensors of too many numbers."""


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
    method.micro_batches = cfg.get("micro_batches", 1)
    return method


def compiled(cfg: Config, method: UDAMethod) -> UDAMethod:
    """The method itself, with its networks compiled where the config says so."""
    if cfg.get("compile"):
        compile_networks(method)
    return method


def build_loader_config(loader: dict, **dataset_options: object) -> dict:
    """A dataloader config with its dataset built, so that a user's mistake in it is one clear line.

    Samples do not depend on the number of workers: there are no more than this machine has cores and memory for.
    """
    check_component({**loader, "type": DataLoader}, DATASETS)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # torchrun's; Slurm gives each its own cores
    loader = {**loader, "num_workers": loader_workers(loader["num_workers"], processes)}
    options = {"collate_fn": {"type": collate_samples}, "pin_memory": torch.cuda.is_available()}
    options |= {"persistent_workers": loader["num_workers"] > 0, "worker_init_fn": {"type": shield_worker}}
    for name in LOADER_FUNCTIONS & loader.keys():  # mmengine would import a module of any name that a config gives
        function = component_of(loader[name], FUNCTIONS)
        loader[name] = {**loader[name], "type": function}
    dataset = DATASETS.build({**dataset_options, **loader["dataset"]})
    sampler = DATA_SAMPLERS.build({**loader["sampler"], "dataset": dataset})
    return {**options, **loader, "dataset": dataset, "sampler": sampler}


def workers_note(cfg: Config) -> str | None:
    """What the log says where there are fewer loader workers than the config asks for, see :func:`build_loader_config`."""
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    loaders = {name: cfg[name].num_workers for name in ("train_dataloader", "val_dataloader")}
    fewer = {name: (loader_workers(count, processes), count) for name, count in loaders.items()}
    said = [f"{name} has {given} loader workers instead of {wanted}" for name, (given, wanted) in fewer.items() if given < wanted]
    return f"{', '.join(said)}: this machine, its container or Slurm gives no more cores or memory." if said else None


def build_loader(config: dict) -> SteadyLoader:
    """The loader of :func:`build_loader_config`."""
    return SteadyLoader.like(Runner.build_dataloader(config))


def build_optimizer(optim_wrapper: dict, model: UDAMethod, batch: int | None = None) -> OptimWrapper:
    """The optimizer wrapper of a config over the trainable parameters of a method, and the method's own optimizers.

    As published, the config's optimizer trains *all* trainable parameters, those with an optimizer of their own
    included, unless that is to train them :attr:`OwnOptimizer.alone`: the discriminator of AdvSeg makes two steps per iteration.

    Args:
        optim_wrapper: of the config.
        model: the method.
        batch: crops of a step, over all processes, for ``scale_lr_by``; None leaves the rate as it is, where nothing is trained.
    """
    options = {"constructor": "GroupedOptimWrapperConstructor", "paramwise_cfg": None, **optim_wrapper}
    scale_lr_by = options.pop("scale_lr_by", None)
    if batch is not None and options.get("optimizer"):
        options["optimizer"] = scaled_rate(options["optimizer"], scale_lr_by, batch)
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
    own = {name: [{"end": end, **spec.schedule, "by_epoch": False}] for name, spec in model.own_optimizers.items()}
    return {"main": main, **own} if own else main


def build_evaluator(metric: dict) -> Evaluator:
    """The evaluator of a config's metric."""
    return Evaluator([METRICS.build(metric)])


def check_config(cfg: Config) -> None:
    """Checks what needs neither data nor networks: all that a training compares before it looks for them, its mixtures included.

    Raises:
        UserError: names the option or the key.
    """
    check_engine_parts(cfg)
    for part in (cfg.model, cfg.uda):
        check_component(part, MODELS)
    check_class_lists(cfg)
    check_mixtures(cfg.uda, class_info(cfg.train_dataloader.dataset.source)["classes"])


def check_engine_parts(cfg: Config) -> None:
    """Checks what the engine builds later, so that a misspelling is one line before anything is written."""
    check_component(cfg.train_cfg, LOOPS)
    if "test_dataloader" in cfg:  # which an evaluation of the run reads
        check_component(cfg.test_dataloader.dataset, DATASETS)
    check_component({**cfg.env_cfg, "type": env_cfg}, HOOKS)
    check_component(cfg.visualizer, VISUALIZERS)
    for backend in cfg.visualizer.get("vis_backends") or ():
        check_component(backend, VISBACKENDS)
        check_installed(component_of(backend, VISBACKENDS))
    for scheduler in cfg.param_scheduler:
        check_component(scheduler, PARAM_SCHEDULERS, given=("convert_to_iter_based",))
        tried = {key: value for key, value in scheduler.items() if key != "convert_to_iter_based"}
        build_checked({**tried, "optimizer": SGD([nn.Parameter(torch.zeros(()))], lr=1.0)}, PARAM_SCHEDULERS)


def hook_configs(cfg: Config) -> tuple[dict[str, dict | None], list[dict]]:
    """The configs of all hooks of a training: ``default_hooks`` by name, where None leaves one out, and ``custom_hooks``.

    Every training has a guard, and writes its result: a list ``custom_hooks`` of one's own replaces that of an inherited file.

    Raises:
        UserError: a hook is left out that no training can do without.
    """
    default, custom = dict(cfg.default_hooks), list(cfg.get("custom_hooks", ()))
    for name, loss in NEEDED_HOOKS.items():
        if default.get(name, {}) is None:
            raise UserError(f"default_hooks.{name} is None: {loss}. Leave it as it is, or give a dictionary with its options.")
    default["guard"] = {"type": "GuardHook", **default.get("guard", {})}
    if not any(hook.get("type") in ("ResultHook", ResultHook) for hook in custom):
        custom.insert(0, {"type": "ResultHook"})
    return default, custom


def asks_for_labels(cfg: Config, *oracles: str) -> bool:
    """Whether a training has rounds of annotating, with one of some oracles if there are any."""
    rounds = [hook for hook in cfg.get("custom_hooks", ()) if hook.get("type") in ("AnnotationRounds", AnnotationRounds)]
    return any(not oracles or hook.get("oracle", "labels") in oracles for hook in rounds)


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
    default_hooks, custom_hooks = hook_configs(cfg)
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
        "optim_wrapper": build_optimizer(cfg.optim_wrapper, model, train_dataloader["batch_size"] * get_world_size()),
        "param_scheduler": schedules(cfg, model),
        "default_hooks": {name: hook and HOOKS.build(hook) for name, hook in default_hooks.items()},
        "custom_hooks": [HOOKS.build(hook) for hook in custom_hooks],
        "visualizer": cfg.visualizer,
        "env_cfg": cfg.env_cfg,
    }


def target_note(dataset: UDADataset, method: UDAMethod) -> str | None:
    """Says that the target is read for nothing; None where a term of the method may look at it, or there is none."""
    if dataset.target is None or not all(getattr(objective, "source_alone", False) for objective in method.objectives.values()):
        return None
    if dataset.labeled:
        text = f"{type(method).__name__} looks at no unlabelled image, but train_dataloader.dataset reads some of the target"
        return f"{text}. Set train_dataloader.dataset.unlabeled='none'."
    text = f"{type(method).__name__} looks at the source alone: train_dataloader.dataset.target is read for nothing"
    return f"{text}. Remove target and target_crop, or set both to None."


def labeled_note(dataset: UDADataset, method: UDAMethod) -> str | None:
    """Says that labels of target images are read for nothing; None where a term of the method looks at them, or there are none.

    Raises:
        UserError: a term looks at labels that the data do not say a word about.
    """
    learns = any(getattr(objective, "learns_from_labeled", False) for objective in method.objectives.values())
    if learns and dataset.labeled is None:
        fix = "Set train_dataloader.dataset.target.labeled, such as to 0.05, or leave uda.labeled out"
        raise UserError(f"uda.labeled learns from labelled target images, and the training data have none. {fix}.")
    if learns or not dataset.labeled:
        return None
    text = f"The target has {len(dataset.labeled)} labelled images that no term of {type(method).__name__} looks at"
    return f"{text}. Add labeled=dict() to uda."


def annotation_note(dataset: UDADataset, method: UDAMethod) -> str | None:
    """Says that rounds ask for labels which nothing learns from; None where a term of the method looks at them, or there are no rounds."""
    learns = any(getattr(objective, "learns_from_annotation", False) for objective in method.objectives.values())
    if dataset.annotations is None or learns:
        return None
    return f"AnnotationRounds asks for labels that no term of {type(method).__name__} looks at. Add annotated=dict() to uda."


def late_note(method: UDAMethod, iterations: int) -> str | None:
    """Names the terms of a method that begin after the last of so many iterations; None where all begin before."""
    late = {name: objective.start for name, objective in method.objectives.items() if objective.start >= iterations}
    if not late:
        return None
    terms = ", ".join(f"{name} after iteration {start}" for name, start in late.items())
    fix = "Lower self_training_start or start, or train longer, where that is not meant."
    return f"Never trained in {iterations} iterations: {terms}. {fix}"
