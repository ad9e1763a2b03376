"""Evaluating a checkpoint again and comparing what comes out with what was recorded."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from mmseg.apis.evaluating.evaluate import evaluate, evaluation_loader
from mmseg.apis.predicting.inference import init_model
from mmseg.apis.verifying.recorded import Recorded, recorded
from mmseg.apis.verifying.verdict import OF_CLASSES, OF_MEANS, Checked, check_numbers, differences, is_exact
from mmseg.config.identity import digest
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.provenance.data import labels_hash
from mmseg.engine.provenance.record import Provenance, origin_of, provenance
from mmseg.evaluation.metric_config import metric_config
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash

COMPARED = ("config", "code", "weights", "data", "versions", "hardware")


def verify(cfg: Config, folder: Path, checkpoint: Path, device: str) -> bool:
    """Prints each recorded number with the new one and whether it holds, and what is other than when it was measured.

    Args:
        cfg: complete config.
        folder: that carries the numbers.
        checkpoint: file of the weights.
        device: such as 'cpu'.

    Returns:
        whether all numbers hold.

    Raises:
        UserError: there are no numbers, or no labels to compare with.
    """
    content = read_checkpoint(checkpoint, values=False)
    meta = content.get("meta")
    known = recorded(folder, checkpoint, meta if isinstance(meta, dict) else {})
    loader = evaluation_loader(cfg)
    if not loader.dataset.labelled:
        raise UserError(f"The validation data of {folder} have no labels. Set val_dataloader.dataset.ann_dir to them with --cfg-options.")
    method = init_model(cfg, checkpoint, device)
    evaluation = evaluate(method, loader, metric_config(cfg))
    labels = labels_hash(evaluation.counts)
    now = provenance(digest(cfg), device, checkpoint=file_hash(checkpoint), labels=labels, origin=origin_of(content))
    exact = is_exact(known.provenance, now) and not known.rounded
    checked = check_numbers(known.metrics, evaluation.metrics, exact=exact)
    print("\n".join(report(known, checked, now, exact=exact)))
    return all(each.holds for each in checked)


def report(known: Recorded, checked: list[Checked], now: Provenance, *, exact: bool) -> list[str]:
    """The lines that :func:`verify` prints."""
    width = max(len(each.name) for each in checked)
    rule = "to the last digit: versions and hardware are the same" if exact else f"within {OF_MEANS} of means and {OF_CLASSES} of classes"
    lines = [f"Recorded in {known.file}; compared {rule}.", f"{'':{width}} {'recorded':>10} {'now':>10}"]
    for each in checked:
        outcome = "holds" if each.holds else "DIFFERS"
        lines.append(f"{each.name:{width}} {_number(each.before):>10} {_now(each):>10}  {outcome}")
    others = differences(known.provenance, {key: now[key] for key in COMPARED}, same_file=known.same_file)
    lines += ["Other than when it was measured:" if others else "Nothing is other than when it was measured."]
    lines += [f"  {line}" for line in others]
    held = sum(each.holds for each in checked)
    return [*lines, f"All {held} numbers hold." if held == len(checked) else f"{held} of {len(checked)} numbers hold."]


def _now(each: Checked) -> str:
    return _number(each.now) if each.measured else "not there"


def _number(value: float | None) -> str:
    return "absent" if value is None else f"{value:.4f}"
