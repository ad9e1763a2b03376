"""tools/test.py: what each option writes, on the demo data and a run of two iterations."""

import hashlib
import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.config.config import load_config
from mmseg.datasets.classes.names import LABEL_IDS, PALETTE
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tools import test as test_tool


def result(run, name: str) -> dict:
    return json.loads((run / "eval" / f"{name}.json").read_text())


def pngs(folder) -> list:
    return sorted(folder.rglob("*.png"))


def test_result_file_and_table(run, evaluates, tiny_data):
    printed = evaluates("--eval", "mIoU", "--out", run / "copy.json")
    written = result(run, "latest")
    trained = json.loads((run / "result.json").read_text())["metrics"]
    assert written["metrics"] == trained  # the evaluation at the end of the training
    confusion = np.array(written["confusion"])
    labels = [np.asarray(Image.open(path)) for path in tiny_data.rglob("gtFine/val/*/*TrainIds.png")]
    assert confusion.shape == (19, 19)
    assert confusion.sum(1).tolist() == [sum(int((label == train_id).sum()) for label in labels) for train_id in range(19)]
    assert written["checkpoint"]["sha256"] == hashlib.sha256((run / "latest.pth").read_bytes()).hexdigest()
    assert written["images"] == 2 and written["environment"]["torch"] == torch.__version__
    assert set(written["options"]) == {"weights", "inference_mode", "preset", "hrda_out", "aug_test", "test_set", "cfg_options"}
    assert written["config"]["path"] == str(run / "config.py") and len(written["config"]["digest"]) == 8 and "T" in written["date"]
    assert json.loads((run / "copy.json").read_text()) == written
    assert "Loaded model (student)" in printed and "all " in printed and f"Result: {run}/eval/latest.json" in printed
    assert "│ road " in printed and f"{written['metrics']['mIoU']:.2f}" in printed
    assert not (run / "preds").exists()


def test_a_checkpoint_in_a_folder_that_may_not_be_written(run, evaluates, fails):
    """Said before anything is predicted; with ``--out`` the result has a place."""
    (run / "eval").write_text("stands for a read-only folder: permissions do not bind root")
    line = fails(test_tool.main, run / "config.py", run / "latest.pth")
    assert line.startswith(f"Cannot write to {run}/eval: ")
    assert line.endswith(", and the result would be lost. Add --out FILE.json, in a folder that is writable.")
    printed = evaluates("--out", run / "copy.json", "--figures")
    assert json.loads((run / "copy.json").read_text())["images"] == 2 and (run / "copy_classes.pdf").is_file()
    assert f"Result: {run}/copy.json" in printed and "eval/latest.json" not in printed


def test_figures_lie_beside_the_result(run, evaluates):
    printed = evaluates("--figures", "--hrda-out", "LR")
    for kind in ("confusion", "classes"):
        path = run / "eval" / f"latest_LR_{kind}.pdf"
        assert path.read_bytes().startswith(b"%PDF") and f"Figure: {path}" in printed


def test_teacher_and_student_differ(run, evaluates):
    """The teacher's weights are those below ema_model."""
    content = read_checkpoint(run / "latest.pth")
    state = {key: value for key, value in content["state_dict"].items() if not key.startswith("model.")}
    teacher = {key.replace("ema_model.", "model."): value for key, value in state.items() if key.startswith("ema_model.")}
    torch.save({"state_dict": teacher}, run / "swapped.pth")
    evaluates("--weights", "ema_model")
    evaluates(checkpoint="swapped.pth")
    evaluates()
    assert result(run, "latest_ema_model")["confusion"] == result(run, "swapped")["confusion"] != result(run, "latest")["confusion"]


def test_overlay_is_between_photo_and_colours(run, evaluates):
    evaluates("--show-dir", run / "palette")
    evaluates("--show-dir", run / "overlay", "--opacity", "0.25")
    (palette, *_), (overlay, *_) = pngs(run / "palette"), pngs(run / "overlay")
    with Image.open(palette) as image:
        assert image.mode == "P"
        colours = np.asarray(image.convert("RGB"), float)
    photo = next(path for path in tiny_photos(run) if path.name == overlay.name)
    mixed = 0.75 * np.asarray(Image.open(photo).convert("RGB"), float) + 0.25 * colours
    assert np.abs(np.asarray(Image.open(overlay), float) - mixed).max() <= 0.51


def tiny_photos(run):
    dataset = load_config(run / "config.py").val_dataloader.dataset
    return list((tiny.ROOT / dataset.data_root / dataset.img_dir).rglob("*.png"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format-only", "--eval-options", "imgfile_prefix={run}/sent", "to_label_id=True"],
        ["--format-only", "--imgfile-prefix", "{run}/sent"],
    ],
    ids=["published", "plain"],
)
def test_format_only_writes_label_ids(run, evaluates, arguments):
    evaluates("--show-dir", run / "palette")
    shutil.rmtree(run / "eval")
    printed = evaluates(*(argument.format(run=run) for argument in arguments))
    assert len(pngs(run / "sent")) == 2 and f"Predictions of 2 images: {run}/sent" in printed
    for ids, train_ids in zip(pngs(run / "sent"), pngs(run / "palette"), strict=True):
        assert np.array_equal(np.asarray(Image.open(ids)), np.array(LABEL_IDS)[np.asarray(Image.open(train_ids))])
        assert Image.open(ids).getpalette()[3 * LABEL_IDS[0] :][:3] == list(PALETTE[0])
    assert not (run / "eval").exists()


def test_format_only_as_train_ids_reads_no_labels(run, evaluates, data):
    shutil.rmtree(data / "cityscapes/gtFine")
    root = f"val_dataloader.dataset.data_root={str(data / 'cityscapes')!r}"
    evaluates("--format-only", "--no-to-label-id", "--cfg-options", root)
    evaluates("--show-dir", run / "palette")
    for written, expected in zip(pngs(run / "format"), pngs(run / "palette"), strict=True):
        assert np.array_equal(np.asarray(Image.open(written)), np.asarray(Image.open(expected)))


def as_test(data):
    """The validation split under the name 'test'."""
    for name in ("leftImg8bit", "gtFine"):
        (data / "cityscapes" / name / "val").rename(data / "cityscapes" / name / "test")
    return f"val_dataloader.dataset.data_root={str(data / 'cityscapes')!r}"


def test_test_set_with_labels(run, evaluates, data):
    evaluates()
    evaluates("--test-set", "--cfg-options", as_test(data))
    (name,) = [path.stem for path in (run / "eval").glob("latest_test_*.json")]
    assert result(run, name)["confusion"] == result(run, "latest")["confusion"]


def test_test_set_without_labels_writes_predictions_only(run, evaluates, data):
    option = as_test(data)
    for path in (data / "cityscapes").rglob("*TrainIds.png"):
        path.unlink()
    printed = evaluates("--test-set", "--cfg-options", option)
    (folder,) = run.glob("preds_test_*")
    assert len(pngs(folder)) == 2 and str(folder) in printed and "mean" not in printed
    assert not (run / "eval").exists()


def test_test_dataloader_goes_first(run, evaluates, data):
    dataset = f"dict(val_dataloader['dataset'], data_root={str(data / 'cityscapes')!r})"
    with open(run / "config.py", "a") as config:
        config.write(f"\ntest_dataloader = dict(val_dataloader, dataset={dataset})\n")
    shutil.rmtree(data / "cityscapes/gtFine")
    evaluates("--test-set")
    assert len(pngs(run / "preds_test")) == 2


def test_inference_modes(run, evaluates):
    outputs = {mode: evaluates("--inference-mode", mode) for mode in ("same", "whole", "slide")}
    confusion = {mode: result(run, f"latest{'' if mode == 'same' else '_' + mode}")["confusion"] for mode in outputs}
    assert confusion["same"] == confusion["slide"] != confusion["whole"]
    assert "Inference: whole image" in outputs["whole"]
    assert "Inference: windows of 64x64 (height x width), 32 and 32 pixels apart" in outputs["slide"]


def test_presets(run, evaluates):
    """Images of 128x64: 3 outer windows and 3 x 7 detail windows, 2 and 3 x 6, 1 and 2 x 4."""
    printed = {preset: evaluates("--preset", preset) for preset in ("paper", "balanced", "fast")}
    results = {preset: result(run, f"latest{'' if preset == 'paper' else '_' + preset}") for preset in printed}
    crops = {"paper": {"32x32": 24.0}, "balanced": {"32x32": 20.0}, "fast": {"32x32": 8.0, "64x32": 1.0}}
    for preset, written in results.items():
        assert written["options"]["preset"] == preset and written["encoder"]["crops"] == crops[preset]
        assert written["encoder"]["passes"] == 1.0, "two passes for a batch of two images"
        assert f"Preset {preset}, per image: {crops[preset]['32x32']:.0f} crops of 32x32 " in printed[preset]
    assert len({str(written["confusion"]) for written in results.values()}) == 3
    evaluates()
    assert result(run, "latest")["metrics"] == results["paper"]["metrics"]


def test_aug_test(run, evaluates):
    evaluates()
    evaluates("--aug-test", "--cfg-options", "val_dataloader.dataset.test_scale=(256, 128)")  # half of it is the least for this encoder
    (name,) = [path.stem for path in (run / "eval").glob("latest_aug_*.json")]
    plain, augmented = (np.array(result(run, each)["confusion"]) for each in ("latest", name))
    assert np.array_equal(plain.sum(1), augmented.sum(1)) and not np.array_equal(plain, augmented)


@pytest.mark.parametrize("flags", [[], ["--aug-test"]])
def test_a_label_of_another_size_is_refused(run, data, fails, flags):
    label = sorted((data / "cityscapes/gtFine/val").rglob("*TrainIds.png"))[0]
    cv2.imwrite(str(label), cv2.imread(str(label), cv2.IMREAD_UNCHANGED)[:, :-1])
    options = [
        "--cfg-options",
        f"val_dataloader.dataset.data_root={str(data / 'cityscapes')!r}",
        "val_dataloader.dataset.test_scale=(256, 128)",
    ]
    line = fails(test_tool.main, run / "config.py", run / "latest.pth", *flags, *options)
    assert f"its label {label} 127x64. Copy the matching pair again." in line


def test_predictions_of_two_sub_folders(run, data, evaluates, fails):
    """Once, one of each pair was left."""
    for tree, ending in (("leftImg8bit", "leftImg8bit.png"), ("gtFine", "gtFine_labelTrainIds.png")):
        first, second = sorted((data / "cityscapes" / tree / "val").rglob(f"*_{ending}"))
        for camera, path in (("camA", first), ("camB", second)):
            (data / "cityscapes" / tree / "val" / camera).mkdir()
            path.rename(data / "cityscapes" / tree / "val" / camera / f"0_{ending}")
    root = ["--cfg-options", f"val_dataloader.dataset.data_root={str(data / 'cityscapes')!r}"]
    evaluates("--show-dir", run / "shown", *root)
    names = ["camA/0_leftImg8bit.png", "camB/0_leftImg8bit.png"]
    assert [path.relative_to(run / "shown").as_posix() for path in pngs(run / "shown")] == names
    evaluates("--hrda-out", "ATT", "--show-dir", run / "attention", *root)
    assert [path.relative_to(run / "attention").as_posix() for path in pngs(run / "attention")] == names
    line = fails(test_tool.main, run / "config.py", run / "latest.pth", "--format-only", *root)
    assert f"would both be written to {run}/format/0_leftImg8bit.png" in line and not pngs(run / "format")


@pytest.mark.parametrize("options", [(), ("--hrda-out", "ATT")])
def test_a_disk_without_room_for_all_predictions(run, evaluates, filling_disk, options):
    assert (
        evaluates("--show-dir", run / "shown", *options).count(f"{filling_disk} {run / 'shown'}, and the rest needs about 990 bytes") == 1
    )


def test_branches_have_results_and_pictures_of_their_own(run, evaluates):
    for branch in ("LR", "HR"):
        evaluates("--hrda-out", branch)
        assert len(pngs(run / f"preds_{branch}")) == 2
    assert result(run, "latest_LR")["confusion"] != result(run, "latest_HR")["confusion"]
    assert "2 attention maps" in evaluates("--hrda-out", "ATT")
    assert cv2.imread(str(pngs(run / "preds_ATT")[0])).shape == (64, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--eval", "mDice"], "--eval mDice is not known: the only metric is mIoU. Use --eval mIoU."),
        (["--eval", "mIoU", "--format-only"], "--eval and --format-only exclude each other: a test split has no labels."),
        (["--out", "result.pkl"], "--out result.pkl: results are written as JSON, and predictions as images. Use --out result.json."),
        (["--opacity", "0"], "--opacity 0.0 is not a share. Use a number above 0, at most 1."),
        (["--eval-options", "imgfile_prefx=x"], "--eval-options has no entry 'imgfile_prefx'. Did you mean 'imgfile_prefix'?"),
        (["--preset", "fast", "--inference-mode", "slide"], "--preset fast and --inference-mode slide exclude each other: a preset says"),
        (["--figures", "--format-only"], "--figures draws what was measured, and --format-only measures nothing."),
        (["--aug-test", "--hrda-out", "ATT"], "--aug-test averages predictions, and --hrda-out ATT writes none."),
        (
            ["--test-set", "--cfg-options", "val_dataloader.dataset.img_dir='leftImg8bit/train'"],
            "no folder 'val' to replace by 'test'.",
        ),
        (["--cfg-options", "val_dataloader.dataset.data_root='nowhere'"], "the image folder nowhere/leftImg8bit/val does not exist."),
        (
            ["--cfg-options", "model.decode_head.num_classes=16"],
            "was trained with 19 classes, but the config has 16. Use the config it was trained with.",
        ),
        (["--cfg-options", "model.backbone.depths=[1,1,1,1]"], "does not hold the backbone of this config, MixVisionTransformer: "),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_mistakes(fails, run, arguments, line):
    assert line in fails(test_tool.main, run / "config.py", run / "latest.pth", *arguments)
    assert not (run / "eval").exists()


def test_teacher_of_a_published_file(fails, run):
    state = read_checkpoint(run / "latest.pth")["state_dict"]
    torch.save({"state_dict": {key: value for key, value in state.items() if key.startswith("model.")}}, run / "published.pth")
    line = fails(test_tool.main, run / "config.py", run / "published.pth", "--weights", "ema_model")
    assert "published.pth holds no ema_model (teacher), but model (" in line and line.endswith("Use --weights model.")


def test_other_json_files_are_no_configs(fails, run):
    for name in ("result.json", "evaluations.json"):
        assert f"{run}/{name}" in fails(test_tool.main, run / name, run / "latest.pth")
