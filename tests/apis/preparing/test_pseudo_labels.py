"""Labels that a network makes are those that it predicts; what is interrupted goes on; the network is kept busy."""

import errno
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config

from mmseg.apis.predicting.inference import class_probabilities, init_model
from mmseg.apis.preparing import pseudo_labels
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.passes import LabelOptions, large_components
from mmseg.apis.preparing.pseudo_labels import make_labels
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.transforms import resize_nearest
from mmseg.models.uda.pseudo_labels.spatial_prior import spatial_prior
from mmseg.utils.errors import UserError
from mmseg.utils.products.header import HEADER
from mmseg.utils.products.soft_maps import read_soft_map
from tests.models.networks import hrda, plain

CLASSES = ["road", "sky", "car", "tree", "pole"]
SIZES = ((40, 80), (48, 64), (40, 80), (40, 80))
SLIDE = {"mode": "slide", "crop_size": [32, 64], "stride": [16, 32]}


@pytest.fixture
def images(tmp_path) -> Path:
    """Four images, one of another size, in two folders."""
    for number, size in enumerate(SIZES):
        file = tmp_path / f"images/{number % 2}/{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8))
    return tmp_path / "images"


class Maker:
    """A network with its checkpoint that makes labels of the images of a folder."""

    def __init__(self, images: Path, model: dict | None = None, batch: int = 2) -> None:
        dataset = {"type": "FolderDataset", "images": str(images), "classes": CLASSES, "test_scale": (160, 80)}
        loader = {"batch_size": batch, "num_workers": 0, "dataset": dataset}
        self.cfg = Config({"model": model or plain(), "uda": {"type": "DACS"}, "seed": 0, "val_dataloader": loader})
        self.images, self.checkpoint = images, images.parent / "a.pth"
        if not self.checkpoint.exists():
            state = init_model(self.cfg).model.state_dict()
            sure = {key: value * 40 if key.endswith("conv_seg.weight") else value for key, value in state.items()}
            torch.save({"state_dict": {f"model.{key}": value for key, value in sure.items()}}, self.checkpoint)
        self.method = init_model(self.cfg, self.checkpoint)
        self.dataset = images_of(self.cfg, "target", images)

    def make(self, out: Path, **options: object) -> dict:
        known = {"weights": "model", "command": "python tools/prepare/pseudo_labels.py …"}
        return make_labels(self.cfg, self.method, self.checkpoint, self.dataset, out, LabelOptions(**options), **known)

    def probabilities(self, flip: bool = False) -> dict[str, torch.Tensor]:
        """[K, H, W] by the name of the image, as single images are predicted."""
        found = {}
        for name in self.dataset.images.names:
            rgb = np.ascontiguousarray(cv2.imread(str(self.images / name))[..., ::-1])
            looks = [rgb, np.ascontiguousarray(rgb[:, ::-1])] if flip else [rgb]
            first, *mirrored = (class_probabilities(self.method, look) for look in looks)
            found[name] = (first + mirrored[0].flip(2)) / 2 if flip else first
        return found


@pytest.fixture
def maker(images) -> Maker:
    return Maker(images)


def labels(out: Path) -> dict[str, np.ndarray]:
    return {path.relative_to(out).as_posix(): read_label_ids(path) for path in sorted(out.rglob("*.png"))}


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("model", "batch"), [(plain(), 1), (plain(), 2), (hrda(), 2), ({**plain(), "test_cfg": SLIDE}, 1)])
@pytest.mark.parametrize("flip", [False, True])
def test_labels_are_what_the_network_predicts(images, tmp_path, model, batch, flip):
    maker = Maker(images, model, batch)
    header = maker.make(tmp_path / "out", flip=flip)
    expected = {name: found.argmax(0).numpy() for name, found in maker.probabilities(flip).items()}
    found = labels(tmp_path / "out")
    assert list(found) == list(expected) == ["0/0.png", "0/2.png", "1/1.png", "1/3.png"]
    for name, label in expected.items():
        assert (found[name] != label).mean() < 2e-3  # classes of equal probability, up to rounding
    shares = {
        name: 100 * np.mean(np.concatenate([label.ravel() for label in found.values()]) == index) for index, name in enumerate(CLASSES)
    }
    assert header["shares"] == pytest.approx({**shares, "unknown": 0})
    assert header["complete"] and header["images"] == 4 and header == json.loads((tmp_path / "out" / HEADER).read_text())


def test_a_threshold(maker, tmp_path):
    maker.make(tmp_path / "out", threshold=0.3)
    found = labels(tmp_path / "out")
    for name, probabilities in maker.probabilities().items():
        confidence, label = probabilities.max(0)
        clear = (confidence - 0.3).abs() > 1e-5
        expected = torch.where(confidence >= 0.3, label, 255).numpy()
        assert (found[name] == expected)[clear.numpy()].all()
    assert 0 < np.mean(np.concatenate([label.ravel() for label in found.values()]) == 255) < 1


@pytest.mark.parametrize("size", [None, (80, 80)])
@pytest.mark.parametrize("corners", [False, True])
def test_small_components_have_no_label(images, tmp_path, size, corners):
    """Counted on the image as the network sees it, 80 pixels high, and enlarged or made smaller by the nearest pixel in the middle.

    Logits come to that size in one step, with the corners of the decoder.
    """
    network = {**plain(), "test_cfg": {"mode": "whole", "enlarge_once": True}}
    network["decode_head"] = {**network["decode_head"], "align_corners": corners}
    maker = Maker(images, network)
    header = maker.make(tmp_path / "out", threshold=0.25, spatial_prior=(40.0,) * 5, spatial_prior_size=size)
    assert header["settings"]["spatial_prior"] == [40.0] * 5
    found, changed = labels(tmp_path / "out"), False
    for index, name in enumerate(maker.dataset.images.names):
        image = maker.dataset[index]["image"][None]
        with torch.no_grad():
            logits = maker.method.model.segment(maker.method.data_preprocessor.image(image)).logits
            enlarged = F.interpolate(logits, image.shape[2:], mode="bilinear", align_corners=corners)[0]
            confidence, label = enlarged.softmax(0).max(0)
        sure = torch.where(confidence >= 0.25, label, 255).numpy().astype(np.uint8)
        scale = 1 if size is None else sure.size / (80 * 80)
        expected = resize_nearest(spatial_prior(sure, [40 * scale] * 5), found[name].shape)
        assert (found[name] != expected).mean() < 2e-3
        changed |= (expected != resize_nearest(sure, found[name].shape)).any()
    assert changed


@pytest.mark.parametrize(
    ("seen", "native"), [((760, 1280), (1024, 2048)), ((320, 640), (1024, 2048)), ((40, 81), (97, 160)), ((7, 9), (7, 9))]
)
def test_enlarged_labels_are_found_again(seen, native):
    """A training that resizes labels to what the network has seen gets what was made."""
    made = np.random.default_rng(0).integers(0, 19, seen).astype(np.uint8)
    enlarged = large_components(made, LabelOptions(spatial_prior=(0,) * 19), native)
    assert enlarged.shape == native and np.array_equal(resize_nearest(enlarged, seen), made)


@pytest.mark.parametrize("threshold", [None, 0.3])
def test_a_quantile_of_each_class(maker, tmp_path, threshold):
    """Over all images; with a threshold, what reaches it has a label as well."""
    header = maker.make(tmp_path / "out", class_quantile=0.5, threshold=threshold)
    found = labels(tmp_path / "out")
    kept = np.concatenate([found[name].ravel() for name in found])
    sure, label = (
        torch.cat(parts)
        for parts in zip(*((p.max(0)[0].ravel(), p.max(0)[1].ravel()) for p in maker.probabilities().values()), strict=True)
    )
    assert ((kept == 255) | (kept == label.numpy())).all()
    for index, name in enumerate(CLASSES):
        own = sure[label == index]
        if not len(own):
            continue
        limit = own.median() if threshold is None else min(own.median(), torch.tensor(threshold))
        assert header["limits"][name] == pytest.approx(limit.item(), abs=1e-3)
        clear = ((own - limit).abs() > 1e-3).numpy()
        assert ((kept[(label == index).numpy()] != 255) == (own >= limit).numpy())[clear].all()
    assert not (tmp_path / "out" / pseudo_labels.PREDICTIONS).exists()


@pytest.mark.parametrize("stride", [1, 3, 4])
def test_soft_maps_are_means_of_probabilities(maker, tmp_path, stride):
    header = maker.make(tmp_path / "out", soft=True, stride=stride)
    totals = torch.zeros(len(CLASSES))
    for name, probabilities in maker.probabilities().items():
        soft = torch.from_numpy(read_soft_map((tmp_path / "out" / name).with_suffix(".npz")))
        expected = F.avg_pool2d(probabilities[None], stride, ceil_mode=True)[0]
        assert soft.shape == expected.shape and soft.shape[1] == -(-probabilities.shape[1] // stride)
        assert (soft - expected).abs().max() < 0.51 / 255 + 0.01 and torch.allclose(soft.sum(0), torch.ones(soft.shape[1:]))
        totals += soft.sum(dim=(1, 2))
    assert header["shares"]["sky"] == pytest.approx(100 * (totals[1] / totals.sum()).item(), abs=0.2)
    assert header["shares"]["unknown"] == 0 and sum(header["shares"].values()) == pytest.approx(100)


@pytest.mark.parametrize("flip", [False, True])
def test_soft_maps_of_the_networks_own_stride(maker, tmp_path, flip):
    header = maker.make(tmp_path / "out", soft=True, native=True, flip=flip)
    assert header["settings"]["native"] and "stride" not in header["settings"]
    for name in maker.dataset.images.names:
        soft = read_soft_map((tmp_path / "out" / name).with_suffix(".npz"))
        image = maker.method.data_preprocessor.image(maker.dataset[maker.dataset.images.names.index(name)]["image"][None])
        with torch.no_grad():
            looks = [maker.method.model.segment(look).logits[0].softmax(0) for look in (image, image.flip(3))]
        expected = (looks[0] + looks[1].flip(2)) / 2 if flip else looks[0]
        assert soft.shape == expected.shape and np.abs(soft - expected.numpy()).max() < 0.51 / 255 + 0.01


@pytest.mark.parametrize("options", [{"flip": True}, {"class_quantile": 0.5}, {"soft": True}])
@pytest.mark.parametrize("left", [1, 3])
def test_what_is_interrupted_goes_on_to_the_same_bytes(maker, tmp_path, monkeypatch, options, left):
    """A disk that fills up: one line, what is done stays, and the same command goes on."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    maker.make(whole, **options)
    name = "write_soft_map" if "soft" in options else "write_palette_png"
    write, written = getattr(pseudo_labels, name), []

    def full(path: Path, *arguments: object) -> None:
        if len(written) == left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        write(path, *arguments)

    def until_full(path: Path, *arguments: object) -> None:
        try:
            full(path, *arguments)
        except OSError as error:
            raise UserError(f"Cannot write {path}: {error.strerror}. Free some space or choose a writable folder.") from None

    with monkeypatch.context() as patch:
        patch.setattr(pseudo_labels, "THREADS", 1)
        patch.setattr(pseudo_labels, "usable_cores", lambda: 1)
        patch.setattr(pseudo_labels, name, until_full)
        with pytest.raises(UserError) as caught:
            maker.make(out, **options)
    line = str(caught.value)
    assert "No space left on device. Free some space" in line and line.endswith(
        f"{left} of 4 pseudo-labels are done; the same command goes on."
    )
    assert not json.loads((out / HEADER).read_text())["complete"]
    before = {path: path.stat().st_mtime_ns for path in written}
    maker.make(out, **options)
    assert files(out) == files(whole)
    assert before == {path: path.stat().st_mtime_ns for path in written}  # none is made twice


def test_a_finished_folder_is_left_alone(maker, tmp_path, monkeypatch):
    header = maker.make(tmp_path / "out")
    monkeypatch.setattr(pseudo_labels, "predict_missing", lambda *_: pytest.fail("nothing is missing"))
    assert maker.make(tmp_path / "out") == header


def test_a_label_that_is_gone_is_made_again(maker, tmp_path):
    maker.make(tmp_path / "out", class_quantile=0.5)
    before = files(tmp_path / "out")
    (tmp_path / "out/0/2.png").unlink()
    maker.make(tmp_path / "out", class_quantile=0.5)
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"flip": True}, r"other options \(flip False, not True\)"),
        ({"threshold": 0.5}, r"other options \(threshold None, not 0\.5\)"),
        ({"soft": True}, r"other options \(soft False, not True\)"),
    ],
)
def test_a_folder_of_other_options_is_refused(maker, tmp_path, changes, text):
    maker.make(tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(UserError, match=rf"holds pseudo-labels of {text}\. Choose another folder, or move this one elsewhere\.$"):
        maker.make(tmp_path / "out", **changes)
    assert files(tmp_path / "out") == before


def test_a_folder_of_other_weights_images_or_networks_is_refused(maker, images, tmp_path):
    maker.make(tmp_path / "out")
    cv2.imwrite(str(images / "new.png"), np.zeros((40, 80, 3), np.uint8))
    with pytest.raises(UserError, match=r"of other images \(4, not 5\)"):
        Maker(images).make(tmp_path / "out")
    (images / "new.png").unlink()
    with pytest.raises(UserError, match="of another config"):
        Maker(images, {**plain(), "test_cfg": SLIDE}).make(tmp_path / "out")
    torch.save({**torch.load(maker.checkpoint, weights_only=True), "meta": {}}, maker.checkpoint)
    with pytest.raises(UserError, match=r"of another checkpoint \([0-9a-f]{8}, not [0-9a-f]{8}, SHA-256\)"):
        Maker(images).make(tmp_path / "out")


def test_a_folder_with_other_files_is_refused(maker, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").touch()
    with pytest.raises(UserError, match=rf"holds files, but no {HEADER}: pseudo-labels were not begun there\. Choose another folder\."):
        maker.make(tmp_path / "out")


def test_a_broken_image_is_named_and_the_others_stay(maker, images, tmp_path):
    (images / "1/3.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"1/3\.png .* pseudo-labels are done; the same command goes on\.$"):
        maker.make(tmp_path / "out")
    assert len(labels(tmp_path / "out")) >= 2


def test_a_network_that_gives_nan_labels_nothing(maker, tmp_path):
    maker.method.model.decode_head.conv_seg.bias.data[1] = float("nan")
    with pytest.raises(UserError, match=r"0/0\.png: the output of the network is not finite"):
        maker.make(tmp_path / "out")
    assert not labels(tmp_path / "out")


def test_the_network_does_not_wait_for_reading_and_writing(maker, images, tmp_path, monkeypatch):
    """Each takes two thirds of a pass, which needs no processor here, as one on a GPU; one after the other would take 7/3 of the time."""
    seconds = 0.1
    for number in range(4, 12):
        (images / f"{number}.png").write_bytes((images / "0/0.png").read_bytes())
    maker = Maker(images, batch=1)
    maker.cfg.val_dataloader.num_workers = 1
    write, read = pseudo_labels.write_palette_png, type(maker.dataset).__getitem__

    def slow(call, share: float):
        def called(*arguments, **options):
            time.sleep(share * seconds)
            return call(*arguments, **options)

        return called

    seen: list[float] = []

    def inference(image: torch.Tensor) -> torch.Tensor:
        seen.append(time.perf_counter())
        time.sleep(seconds)
        return torch.zeros(1, len(CLASSES), *image.shape[2:])

    monkeypatch.setattr(maker.method.model, "inference", inference)
    monkeypatch.setattr(pseudo_labels, "write_palette_png", slow(write, 2 / 3))
    monkeypatch.setattr(type(maker.dataset), "__getitem__", slow(read, 2 / 3))
    maker.make(tmp_path / "out")
    between = np.diff(seen)
    assert len(between) == 11 and np.median(between) < 1.6 * seconds  # the rest of the loop shares its processor with other tests


def test_a_disk_without_room_for_all_labels(maker, tmp_path, filling_disk, capsys):
    """Is said once, while the first of them are made."""
    maker.make(tmp_path / "out")
    assert capsys.readouterr().out.count(f"{filling_disk} {tmp_path / 'out'}, and the rest needs about 3.0 kB (1 of 4 ") == 1


def test_an_empty_folder(images, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty holds no image"):
        images_of(Maker(images).cfg, "target", tmp_path / "empty")
