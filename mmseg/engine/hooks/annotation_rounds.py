"""Active learning: rounds in which the training asks for labels of a few target pixels.

Source: RIPU (Xie et al., "Towards Fewer Annotations: Active Learning via Region Impurity and Prediction Uncertainty for Domain
Adaptive Semantic Segmentation", CVPR 2022), whose rounds follow the iterations 10,000, 12,000, … 18,000.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from mmengine.config import Config
from mmengine.dist import barrier, broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmseg.datasets.annotating.fresh import refresh
from mmseg.datasets.annotating.ledger import spent_before, write_budget
from mmseg.datasets.annotating.maps import AnnotationMaps
from mmseg.datasets.annotating.oracle import LabelOracle, Oracle, quick_size
from mmseg.datasets.annotating.rounds import ANNOTATIONS, RoundFolder, RoundHeader, read_current, write_current
from mmseg.datasets.classes.check import check_same_classes
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.engine.annotating.looking import TargetImages, weights_digest
from mmseg.engine.annotating.making import Asker, begin, check_belongs, finish, make_labels, make_picks
from mmseg.engine.annotating.picking import Budget, Picker
from mmseg.engine.annotating.picture import draw_round
from mmseg.engine.batch_norm import average_statistics
from mmseg.registry import ACQUISITIONS, HOOKS, build_checked
from mmseg.utils.errors import UserError, Waiting
from mmseg.utils.options.ranges import NonNegative, Pair, Positive, Some
from mmseg.utils.products.header import images_digest
from mmseg.utils.storage.run_folder import CONFIG, LATEST


@HOOKS.register_module()
class AnnotationRounds(Hook):
    """Asks for labels of the target after some iterations, and gives all that is known to the training from the next batch on.

    How many rounds are done is a function of the iteration. A round asks about every target image: the network, in evaluation
    mode, predicts it in whole; ``acquisition`` scores its pixels; the best are picked and labelled, as many as the budget has for a
    round. The state of the training is saved before a round, so that one that is interrupted goes on with the same
    network. Finished rounds lie in ``annotations/`` of the run folder and are never changed; a training that goes on from an earlier state
    has to come to the same picks.

    Args:
        rounds: finished iterations after which there is a round, ascending; 0 is before the first.
        budget: of every image, for all rounds together: ``dict(ratio=0.022)`` or ``dict(pixels=40)``, see :class:`Budget`.
        acquisition: what is worth a label: the config of an acquisition, e.g. ``dict(type='RegionImpurity')``.
        size: (w, h) of the images that the network sees, or that they fit into; None for that which the target crops are cut from.
        oracle: 'labels' reads them from the files of the target's data set, 'people' waits for tools/annotate.py.
        network: 'student' or 'teacher'; None is the teacher where the method has one.
        workers_per_gpu: processes that read images during a round.
    """

    priority = "NORMAL"

    def __init__(
        self,
        *,
        rounds: Some[NonNegative[int]],
        budget: Budget,
        acquisition: dict,
        size: Pair[Positive[int]] | None = None,
        oracle: Literal["labels", "people"] = "labels",
        network: Literal["student", "teacher"] | None = None,
        workers_per_gpu: NonNegative[int] = 2,
    ) -> None:
        self.rounds, self.size, self.oracle, self.network, self.workers = tuple(rounds), size, oracle, network, workers_per_gpu
        if any(first >= second for first, second in zip(self.rounds, self.rounds[1:], strict=False)):
            fix = "Give each iteration once, in ascending order"
            raise UserError(f"AnnotationRounds: rounds={list(self.rounds)} do not follow each other. {fix}.")
        self.budget, self.acquisition = dict(budget), dict(acquisition)
        self.strategy = build_checked(dict(acquisition), ACQUISITIONS)
        Picker(self.strategy, self.budget, len(self.rounds), 0).check()
        self.current = 0

    def attach(self, cfg: Config, dataset: UDADataset) -> None:
        """Gives the training data what is known so far, and checks that all rounds can be done; nothing is written yet.

        Args:
            cfg: complete config.
            dataset: of the training; its loader workers have not started.

        Raises:
            UserError: there is no target, there are two such hooks, a round comes too late, the budget is not possible in an image, or a
                label is missing, of another size than its image or of other classes than the source.
        """
        if dataset.target is None:
            raise UserError("AnnotationRounds asks for labels of a target. Give train_dataloader.dataset.target, or leave the hook out.")
        if dataset.labeled:
            text = "AnnotationRounds asks for pixels of all target images, and some of them are labelled already (target.labeled)"
            raise UserError(f"{text}. Set train_dataloader.dataset.target.labeled=None, or leave the hook out.")
        if dataset.annotations is not None:
            raise UserError("custom_hooks has two AnnotationRounds, which would share a folder. Keep one, with all rounds.")
        if self.rounds[-1] >= cfg.train_cfg.max_iters:
            text = f"the round after iteration {self.rounds[-1]} comes too late for a training of {cfg.train_cfg.max_iters}"
            raise UserError(f"AnnotationRounds: {text}. Set rounds to earlier iterations, or train_cfg.max_iters to more.")
        self.dataset, self.picker = dataset, Picker(self.strategy, self.budget, len(self.rounds), cfg.seed)
        self.maps = dataset.annotations = AnnotationMaps(Path(cfg.work_dir) / ANNOTATIONS, tuple(dataset.target.names))
        self.classes = list(dataset.metainfo["classes"])
        self.target = cfg.train_dataloader.dataset.target.to_dict()
        self.images = TargetImages(dataset.target, dataset.target_crop, tuple(self.size or dataset.target_crop.img_scale))
        paths = [dataset.target.path(index) for index in range(len(dataset.target))]
        for width, height in sorted({size for size in map(quick_size, paths) if size is not None}):
            self.picker.count((height, width))
        if self.oracle == "labels":
            oracle = LabelOracle(self.target)
            check_same_classes(self.classes, oracle.dataset.metainfo["classes"], "train_dataloader.dataset.target")
            oracle.check_sizes()

    def before_train(self, runner: Runner) -> None:
        """Has the loader, which reads ahead, begin with the labels of the rounds that lie behind this iteration.

        Raises:
            UserError: one of these rounds is missing, or is about other images or classes.
        """
        behind = [self.maps.round(number) for number, after in enumerate(self.rounds, 1) if after < runner.iter]
        for folder in behind:
            if not folder.complete:
                raise UserError(f"{folder.path} is not complete, and iteration {runner.iter + 1} needs its labels. {folder.fix}")
            check_belongs(folder, folder.header(), {"classes": self.classes, "images_digest": images_digest(self.maps.names)}, folder.fix)
        self.use(behind)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Makes the round that is due, and replaces labels that the loader has read before it.

        Raises:
            UserError: the round cannot be made.
            Waiting: people have to label first.
        """
        if runner.iter in self.rounds:
            rounds = [self.maps.round(number) for number in range(1, self.rounds.index(runner.iter) + 2)]
            self.make(runner, rounds[-1])
            self.use(rounds)
        refresh(self.dataset, data_batch, self.current)

    def use(self, rounds: list[RoundFolder]) -> None:
        """The training uses the labels of these finished rounds from now on."""
        self.current = len(rounds)
        if is_main_process() and (rounds or read_current(self.maps.root)):
            if rounds:
                write_budget(rounds)
            write_current(self.maps.root, len(rounds))
        barrier()

    def make(self, runner: Runner, folder: RoundFolder) -> None:
        """Makes a round, or goes on with it; one that is finished already has to have the same picks."""
        average_statistics(runner.network)
        network = self.asking_network(runner)
        digest = [weights_digest(network)]
        broadcast_object_list(digest)
        settings = {"acquisition": self.acquisition, "budget": self.budget, "rounds": len(self.rounds), "seed": runner.seed}
        settings |= {"scale": self.images.scale, "oracle": self.oracle}
        settings = json.loads(json.dumps(settings))  # as a file keeps it
        same = {"iteration": runner.iter, "network": digest[0], "classes": self.classes, "settings": settings}
        same["command"] = resume_command(runner)
        old = folder.header()
        if old is None or old["network"] != digest[0]:
            runner.save_state(Path(runner.work_dir) / LATEST, iteration=runner.iter)
        header = begin(folder, **same)
        known = header["network"] == digest[0]
        if header["complete"] and known:
            return

        def between() -> None:  # as in an evaluation; the other processes are asked by the same signal
            if (number := runner.stopping.request.number) is not None:
                runner.stop(number)

        asker = Asker(runner.network, network, self.images, self.picker, self.workers, between)
        if not (header["picked"] and known):
            make_picks(asker, folder, same=known)
        if header["complete"]:
            return
        info = runner.train_dataloader.dataset.metainfo
        if self.oracle == "people":
            draw_round(asker, folder, Path(runner.work_dir), info)
            self.wait_for_people(runner, folder, header)
        oracle = LabelOracle(self.target, spent_before(folder)) if self.oracle == "labels" else Oracle()
        spent = make_labels(asker, folder, oracle)
        draw_round(asker, folder, Path(runner.work_dir), info)
        finish(folder, header, spent)

    def asking_network(self, runner: Runner) -> nn.Module:
        """The student or the teacher.

        Raises:
            UserError: the method has no teacher.
        """
        teacher = runner.network.ema_model
        if self.network == "teacher" and teacher is None:
            method = type(runner.network).__name__
            fix = "Use network='student', or add uda.teacher=dict(type='Teacher')"
            raise UserError(f"AnnotationRounds: network='teacher', but {method} has none. {fix}.")
        return runner.network.model if self.network == "student" or teacher is None else teacher

    def wait_for_people(self, runner: Runner, folder: RoundFolder, header: RoundHeader) -> None:
        """Ends the training as long as something that this round asks for is not labelled.

        Raises:
            Waiting: says what to do.
        """
        missing = folder.unlabelled()
        if is_main_process() and not header["picked"]:
            folder.write_header({**header, "picked": True})
        barrier()
        if missing:
            run = runner.work_dir
            left = f"{len(missing)} of {len(self.maps.names)} images have no labels yet, first {missing[0]}"
            steps = f"python tools/annotate.py export {run} --out DIR, label there, python tools/annotate.py import {run} DIR"
            text = f"Round {folder.number} waits for people: {left}. Next: {steps}, and then {resume_command(runner)}"
            raise Waiting(text if is_main_process() else "")


def resume_command(runner: Runner) -> str:
    """The command that goes on with a training."""
    return f"python tools/train.py {Path(runner.work_dir) / CONFIG} --work-dir {runner.work_dir} --resume"
