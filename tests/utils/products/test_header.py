"""What a product says of itself, and each reason why a reader refuses it."""

import json

import pytest

from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER, check_header, images_digest, read_header

IMAGES = ["a/1.png", "a/2.png"]
COMMAND = "python tools/prepare/pseudo_labels.py a.py latest.pth --out labels"
GOOD = {
    "version": 1,
    "kind": "pseudo-labels",
    "made_by": COMMAND,
    "digest": "01234567",
    "checkpoint": "ab" * 32,
    "classes": ["road", "sky"],
    "images": 2,
    "images_digest": images_digest(IMAGES),
    "complete": True,
}
NEEDED = {"kind": "pseudo-labels", "classes": ("road", "sky"), "images": IMAGES}


def test_names_in_any_order():
    assert images_digest(reversed(IMAGES)) == images_digest(IMAGES) != images_digest(["a/1.png"])
    assert len(images_digest([])) == 16 and images_digest(["\udcff.png"])  # a name that is not UTF-8


def test_what_is_needed_is_taken():
    check_header(GOOD, "labels", **NEEDED)
    check_header(GOOD, "labels", kind="pseudo-labels")


ANOTHER = f"Make another with a network of the classes that are needed. This one was made with: {COMMAND}"
ANEW = f"Move it elsewhere and make it anew, of these images, with: {COMMAND}"


@pytest.mark.parametrize(
    ("changes", "needed", "text"),
    [
        (
            {"kind": "priors"},
            {},
            "holds a product of the kind 'priors', and 'pseudo-labels' are needed. "
            "Make it with python tools/prepare/pseudo_labels.py, see its --help.",
        ),
        ({"complete": False}, {}, f"is not complete: what makes it was interrupted. Finish it with: {COMMAND}"),
        ({}, {"classes": ["road"]}, f"is made for other classes: 2, and 1 are needed. {ANOTHER}"),
        ({}, {"classes": ["road", "car"]}, f"is made for other classes: number 1 is 'sky' there, and 'car' is needed. {ANOTHER}"),
        ({}, {"classes": ["sky", "road"]}, f"is made for other classes: number 0 is 'road' there, and 'sky' is needed. {ANOTHER}"),
        ({}, {"images": IMAGES[:1]}, f"is made of other images: of 2, and 1 are needed. {ANEW}"),
        ({}, {"images": ["a/1.png", "a/3.png"]}, f"is made of other images: of other names. {ANEW}"),
    ],
)
def test_what_differs_is_named(changes, needed, text):
    with pytest.raises(UserError) as caught:
        check_header({**GOOD, **changes}, "labels", **{**NEEDED, **needed})
    assert str(caught.value) == f"labels {text}"


def test_reading(tmp_path):
    (tmp_path / HEADER).write_text(json.dumps({**GOOD, "shares": [1]}))
    (tmp_path / "priors.json").write_text(json.dumps({**GOOD, "kind": "priors"}))
    assert read_header(tmp_path, "pseudo-labels") == {**GOOD, "shares": [1]}
    assert read_header(tmp_path / "priors.json", "priors")["kind"] == "priors"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "does not exist."),
        ('{"version": 1', "is not valid JSON"),
        (json.dumps({**GOOD, "version": 2}), "has the version 2, which this program does not know."),
        (json.dumps({**GOOD, "images": "2"}), "holds ['images'] = '2', which should be a whole number."),
        (json.dumps({key: GOOD[key] for key in GOOD if key != "made_by"}), "has no entry ['made_by']."),
    ],
)
def test_broken_headers(content, text, tmp_path):
    if content is not None:
        (tmp_path / HEADER).write_text(content)
    with pytest.raises(UserError) as caught:
        read_header(tmp_path, "pseudo-labels")
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / HEADER} {text}") and line.endswith(
        "Make a new one with python tools/prepare/pseudo_labels.py, see its --help."
    )
