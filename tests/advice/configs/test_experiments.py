"""Advice about experiments, which are refused where they are defined."""

from dataclasses import replace

from mmseg.experiments import HRDA, Experiment, Masking
from tests.advice.following import Followed, table

DACS = Experiment()


HALF = Masking(block=32)


SUPERVISED = replace(DACS, method="target-only", source=None)


def changed(base: Experiment = DACS, **changes: object):
    return lambda: replace(base, **changes)


@table(
    [
        Followed(
            "in configs/_base_/models. Did you mean '{}'?",
            changed(decoder="segfomer"),
            lambda near: replace(DACS, decoder=near.rpartition("_")[0]),
        ),
        Followed("{} needs labelled images. Give a source.", changed(source=None), lambda _: replace(DACS, source="gta")),
        Followed(
            "{} has no feature distance. Use the method dacs, or generalization.",
            changed(method="minent", feature_distance="things"),
            lambda _: [replace(DACS, method=name, feature_distance="things") for name in ("dacs", "generalization")],
        ),
        Followed(
            "Use the method generalization.",
            changed(style_hallucination=True),
            lambda: replace(DACS, style_hallucination=True, method="generalization"),
        ),
        Followed("Leave ignored_margins out.", changed(method="advseg", ignored_margins="rows"), lambda: replace(DACS, method="advseg")),
        Followed(
            "second_crop={} is cut from a crop of {} pixels. Use a smaller one.",
            changed(second_crop=512),
            lambda given, _: replace(DACS, second_crop=int(given) // 2),
        ),
        Followed("and {} sees one. Use crop.", changed(SUPERVISED, second_crop=256), lambda _: replace(SUPERVISED, crop=256)),
        Followed("trains nothing. Use 1 or more.", changed(iterations=0), lambda: replace(DACS, iterations=1)),
        Followed(
            "a detail crop of {} pixels does not fit into the crop of {}. Use a smaller one.",
            changed(hrda=HRDA(detail_crop=768)),
            lambda _, crop: replace(DACS, hrda=HRDA(detail_crop=int(crop))),
        ),
        Followed("Use 0 to below 1.", changed(hrda=HRDA(detail_loss=1)), lambda: replace(DACS, hrda=HRDA(detail_loss=0))),
        Followed("Use above 0 to 1.", changed(hrda=HRDA(scale=2)), lambda: replace(DACS, hrda=HRDA(scale=1))),
        Followed(
            "Use Masking(domains='source').",
            changed(SUPERVISED, masking=HALF),
            lambda: replace(SUPERVISED, masking=Masking(block=32, domains="source")),
        ),
        Followed(
            "is no share. Use 0 to 1.", changed(masking=replace(HALF, ratio=1.5)), lambda: replace(DACS, masking=replace(HALF, ratio=1))
        ),
        Followed(
            "mask blocks of {} pixels exceed the crop of {}. Use smaller ones.",
            changed(masking=replace(HALF, block=1024)),
            lambda _, crop: replace(DACS, masking=replace(HALF, block=int(crop))),
        ),
    ]
)
def test_contradictions(row):
    row.follow()
