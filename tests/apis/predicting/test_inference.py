"""Predicting single images: sizes, scales, mirroring, windows, and the recorded averages of the published code."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmseg.apis import inference_model, init_model
from mmseg.apis.predicting.inference import AUGMENTED, class_probabilities, native_logits
from mmseg.apis.predicting.inference_modes import describe_inference, inference_config
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import UserError
from tests.models.networks import hrda, plain
from tests.parity.records import assert_close, one

SLIDE = {"mode": "slide", "crop_size": [32, 64], "stride": [16, 32]}


def config(model: dict, test_scale: tuple | None = (128, 64)) -> Config:
    """What inference reads of a complete config."""
    validation = {"dataset": {"test_scale": test_scale}}
    training = {"dataset": {"source_crop": {"crop_size": [64, 48]}}}
    return Config({"model": model, "uda": {"type": "DACS"}, "seed": 0, "val_dataloader": validation, "train_dataloader": training})


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("model", [plain(), hrda()], ids=["plain", "hrda"])
@pytest.mark.parametrize("size", [(40, 80), (33, 71), (90, 50), (65, 66)])
def test_a_prediction_of_any_size(model, size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    prediction = inference_model(init_model(config(model)), image)
    assert prediction.labels.dtype == np.uint8 and prediction.labels.shape == prediction.confidence.shape == size
    assert prediction.probabilities.shape == (5, *size)
    assert torch.allclose(prediction.probabilities.sum(0), torch.ones(size))
    labels, confidence = torch.from_numpy(prediction.labels).long(), torch.from_numpy(prediction.confidence)
    assert torch.equal(prediction.probabilities.gather(0, labels[None])[0], confidence)
    assert torch.equal(prediction.probabilities.max(0).values, confidence)


def test_only_one_network_is_built_and_filled(tmp_path, capsys):
    """No teacher, no ImageNet network, and no file of starting weights where a checkpoint replaces them."""
    trained = init_model(config(plain()))
    networks = {"model": 1.0, "ema_model": 2.0, "imnet_model": 3.0}
    states = {f"{name}.{key}": value.clone() for name in networks for key, value in trained.model.state_dict().items()}
    for name, number in networks.items():
        states[f"{name}.decode_head.conv_seg.bias"].fill_(number)
    torch.save({"state_dict": states}, tmp_path / "a.pth")
    for weights in ("model", "ema_model"):
        model = init_model(config({**plain(), "pretrained": "absent.pth"}), tmp_path / "a.pth", weights=weights)
        assert type(model) is UDAMethod and not any(module.training for module in model.modules())
        assert [name for name, _ in model.named_children()] == ["data_preprocessor", "model"]
        assert model.model.decode_head.conv_seg.bias.unique().item() == networks[weights]
        assert capsys.readouterr().out.endswith(f" of {tmp_path}/a.pth: all {len(trained.model.state_dict())} entries\n")


def test_a_file_and_its_array_give_the_same(tmp_path, image):
    cv2.imwrite(str(tmp_path / "a.png"), image[..., ::-1])
    model = init_model(config(plain()))
    assert torch.equal(inference_model(model, tmp_path / "a.png").probabilities, inference_model(model, image).probabilities)


def forms(image: np.ndarray, folder) -> dict[str, tuple]:
    """The same image in all forms that are taken, and whether its channels are in the order of OpenCV."""
    path = folder / "a.png"
    cv2.imwrite(str(path), image[..., ::-1])
    tensor = torch.from_numpy(image).permute(2, 0, 1)
    return {
        "path": (path, False),
        "text": (str(path), False),
        "PIL": (Image.fromarray(image), False),
        "PIL with transparency": (Image.fromarray(image).convert("RGBA"), False),
        "array": (image, False),
        "array of OpenCV": (cv2.imread(str(path)), True),
        "float array": (image / 255, False),
        "single precision": ((image / 255).astype(np.float32), False),
        "tensor": (tensor, False),
        "BGR tensor": (tensor.flip(0), True),
        "float tensor": (tensor / 255, False),
        "double tensor that needs gradients": ((tensor / 255.0).double().requires_grad_(), False),
    }


def test_all_forms_of_an_image_give_the_same(tmp_path, image):
    model = init_model(config(plain()))
    expected = inference_model(model, image)
    for form, (given, bgr) in forms(image, tmp_path).items():
        prediction = inference_model(model, given, bgr=bgr)
        assert np.array_equal(prediction.image, image), form
        assert torch.equal(prediction.probabilities, expected.probabilities), form


def test_the_order_of_channels_matters(image):
    model = init_model(config(plain()))
    assert not torch.equal(inference_model(model, image).probabilities, inference_model(model, image, bgr=True).probabilities)


def test_a_list_gives_a_list(tmp_path, image):
    model = init_model(config(plain()))
    small = image[:33, :40]
    together = inference_model(model, [image, Image.fromarray(small)])
    assert [prediction.labels.shape for prediction in together] == [(40, 80), (33, 40)]
    assert torch.equal(together[1].probabilities, inference_model(model, small).probabilities)
    assert inference_model(model, []) == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (None, "None, which OpenCV returns for a file that it cannot read"),
        (3, "of type int"),
        (np.zeros((4, 4), np.uint8), r"an array of uint8 \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"an array of uint8 \(4, 4, 4\)"),
        (np.zeros((4, 4, 3), np.int64), r"an array of int64 \(4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"an array of uint8 \(0, 4, 3\)"),
        (torch.zeros(2, 3, 4, 4), r"a tensor of shape \(2, 3, 4, 4\)"),
        (torch.zeros(4, 4, 3), r"a tensor of shape \(4, 4, 3\)"),
        (torch.zeros(3, 4, 0), r"an array of float32 \(4, 0, 3\)"),
    ],
)
def test_what_is_no_image(wrong, text):
    with pytest.raises(UserError, match=rf"^The image is {text}\. Give a file, a PIL image, an array RGB"):
        inference_model(init_model(config(plain())), wrong)


@pytest.mark.parametrize(("values", "shown"), [((0, 255), "0 to 255"), ((-1, 1), "-1 to 1"), ((0, np.nan), "nan to nan")])
def test_floats_of_another_range(values, shown):
    floats = np.full((40, 40, 3), values[0], np.float32)
    floats[0] = values[1]
    with pytest.raises(UserError, match=f"holds floats from {shown}, not from 0 to 1"):
        inference_model(init_model(config(plain())), floats)


def test_a_deep_pil_image():
    with pytest.raises(UserError, match="has the mode I;16, more than 8 bits"):
        inference_model(init_model(config(plain())), Image.fromarray(np.zeros((40, 40), np.uint16)))


def test_a_pil_image_is_turned_upright(image, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    Image.fromarray(image).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        assert np.array_equal(inference_model(init_model(config(plain())), opened).image, np.rot90(image, -1))


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError) as raised:
        inference_model(init_model(config(plain())), tmp_path / "a.png")
    assert str(raised.value) == f"Cannot read {tmp_path}/a.png: No such file or directory. Put the file there, or correct the path."


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("size", [(1, 1000), (1000, 1), (1, 1), (20, 20)])
@pytest.mark.parametrize("model", [plain(), hrda()], ids=["plain", "hrda"])
def test_an_image_that_is_too_small_is_named(tmp_path, model, size, augment):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((*size, 3), np.uint8))
    with pytest.raises(UserError, match=rf"^{path} cannot be predicted\. MixVisionTransformer: an image of .* Use images and crops"):
        inference_model(init_model(config(model, None)), path, augment=augment)


CLASSES = ["sky", "grass", "sea", "sand", "snow"]


def named(count: int = 5) -> Config:
    """A config that names ``count`` classes, for a network of five."""
    cfg = config(plain())
    cfg.val_dataloader.dataset = {"type": "FolderDataset", "images": "absent", "labels": "absent", "classes": CLASSES[:count]}
    return cfg


def test_classes_of_a_model():
    assert init_model(named()).classes == tuple(CLASSES)
    assert init_model(named(3)).classes == tuple("01234"), "no names are better than wrong ones"


def test_what_a_prediction_shows_and_saves(tmp_path, image):
    model = init_model(named())
    prediction = inference_model(model, image)
    colors = np.array(model.palette)[prediction.labels]
    assert np.abs(prediction.overlay() - (image / 2 + colors / 2)).max() <= 0.5
    assert np.array_equal(prediction.overlay(1.0), colors) and np.array_equal(prediction.overlay(0.0), image)
    prediction.save(tmp_path / "new" / "a.png")
    with Image.open(tmp_path / "new" / "a.png") as saved:
        assert saved.mode == "P" and np.array_equal(np.asarray(saved), prediction.labels)
        assert np.array_equal(np.asarray(saved.convert("RGB")), colors)
    with pytest.raises(UserError, match=r"are written as PNG, and a\.jpg is called otherwise\. Use a\.png\."):
        prediction.save("a.jpg")


def test_a_prediction_is_short_in_a_notebook(image):
    prediction = inference_model(init_model(named()), image)
    shares = dict(prediction.shares())
    assert list(shares.values()) == sorted(shares.values(), reverse=True) and sum(shares.values()) == pytest.approx(1)
    assert all(share == (prediction.labels == CLASSES.index(name)).mean() for name, share in shares.items())
    shown = repr(prediction)
    assert shown.startswith(f"Prediction(80x40, {next(iter(shares))} ") and len(shown) < 100


def test_a_mirrored_look_is_the_look_at_the_mirror_image(image):
    model = init_model(config(plain()))
    mirrored = native_logits(model, np.ascontiguousarray(image[:, ::-1])).flip(2)
    assert torch.allclose(native_logits(model, image, flipped=True), mirrored, atol=1e-4)
    assert not torch.allclose(native_logits(model, image), mirrored, atol=1e-4)


def test_augmented_probabilities_are_the_mean_over_scales_and_mirror_images(image):
    model = init_model(config(plain(), (128, 64)))
    looks = [native_logits(model, image, ratio=ratio, flipped=flipped).softmax(0) for ratio, flipped in AUGMENTED]
    assert len(looks) == 12 and {ratio for ratio, _ in AUGMENTED} == {0.5, 0.75, 1.0, 1.25, 1.5, 1.75}
    assert torch.allclose(class_probabilities(model, image, augment=True), torch.stack(looks).mean(0), atol=1e-6)
    assert len({look.sum().item() for look in map(torch.Tensor.square, looks)}) == 12  # no two looks are the same


def test_recorded_average_of_looks(monkeypatch):
    """The record averages the image, its mirror image and the image at 0.75 of its size."""
    record = one("models/slide_inference")
    tensors, size = record.tensors, record.info["ori_shape"][:2]
    model = init_model(config(record.info["cfg"], None))
    record.fill(model.model)
    looks = ((1.0, False), (1.0, True), (0.75, False))
    monkeypatch.setattr("mmseg.apis.predicting.inference.AUGMENTED", looks)
    sizes = {1.0: (96, 160), 0.75: (72, 120)}
    monkeypatch.setattr("mmseg.apis.predicting.inference.EvaluationSize.resized", lambda _, __, ratio: sizes[ratio])
    black = {"bilinear": lambda _, target: np.zeros((*target, 3), np.uint8)}
    monkeypatch.setattr("mmseg.apis.predicting.inference.RESIZING", black)
    shown = iter(looks)

    def normalised(_) -> torch.Tensor:
        ratio, flipped = next(shown)
        x = tensors["x"] if ratio == 1 else torch.nn.functional.interpolate(tensors["x"], scale_factor=ratio, mode="bilinear")
        return x.flip(3) if flipped else x

    monkeypatch.setattr(model.data_preprocessor, "image", normalised)
    mean = class_probabilities(model, np.zeros((*size, 3), np.uint8), augment=True)
    assert_close(record, "aug_test.prob_sub", mean[None, :, 1::3, ::3])
    assert (mean.argmax(0) != tensors["aug_test.pred"]).sum() <= 2


@pytest.mark.parametrize(
    ("own", "mode", "expected", "words"),
    [
        (None, "same", {"mode": "whole"}, "whole image"),
        (SLIDE, "same", SLIDE, "windows of 32x64 (height x width), 16 and 32 pixels apart, logits averaged"),
        (SLIDE, "whole", {"mode": "whole"}, "whole image"),
        (SLIDE, "slide", {**SLIDE, "batched_slide": True}, "windows of 32x64"),
        ({**SLIDE, "batched_slide": False}, "slide", {**SLIDE, "batched_slide": False}, "windows of 32x64"),
        (
            {"mode": "whole"},
            "slide",
            {"mode": "slide", "crop_size": [64, 48], "stride": [32, 24], "batched_slide": True},
            "windows of 64x48 (height x width), 32 and 24 pixels apart",
        ),
    ],
)
def test_inference_modes(own, mode, expected, words):
    made = inference_config(config({**plain(), "test_cfg": own}), mode)
    assert made == expected and describe_inference(made).startswith(words)


def test_unknown_inference_mode():
    with pytest.raises(UserError, match="Use 'same', 'whole' or 'slide'"):
        inference_config(config(plain()), "windows")


def test_attention_has_one_channel_in_the_unit_interval(image):
    attention = native_logits(init_model(config(hrda())), image, branch="ATT")
    assert attention.shape == (1, 40, 80) and attention.min() >= 0 and attention.max() <= 1


def ruined() -> UDAMethod:
    """A network that gives NaN."""
    model = init_model(config(plain()))
    model.model.decode_head.conv_seg.bias.data[1] = float("nan")
    return model


@pytest.mark.parametrize("augment", [False, True])
def test_a_network_that_gives_nan_predicts_nothing(image, tmp_path, augment):
    cv2.imwrite(str(tmp_path / "a.png"), image)
    for given, name in ((image, "The image"), (tmp_path / "a.png", f"{tmp_path}/a.png")):
        with pytest.raises(UserError, match=rf"^{name}: the output of the network is not finite .* Use an earlier state"):
            inference_model(ruined(), given, augment=augment)


def test_an_evaluation_names_the_image_that_a_network_gives_nan_for():
    """The second of a batch: the network is fine for the first."""
    model = init_model(config(plain()))
    images = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    images[1] = 255
    sample = {"image": images, "path": ["first.png", "second.png"], "native_size": torch.tensor([[64, 64]] * 2)}
    assert [entry["path"] for entry in model.test_step(sample)] == sample["path"]
    original = model.model.inference

    def harmed(image, **options):
        return torch.where(image.mean(dim=(1, 2, 3), keepdim=True) > 0, float("nan"), original(image, **options))

    model.model.inference = harmed
    with pytest.raises(UserError, match=r"^second\.png: the output of the network is not finite"):
        model.test_step(sample)


def test_names_of_the_checkpoint_where_the_config_has_none(tmp_path):
    names, palette = ["a", "b", "c", "d", "e"], [[index] * 3 for index in range(5)]
    state = init_model(config(plain())).model.state_dict()
    torch.save({"meta": {"CLASSES": names, "PALETTE": palette}, "state_dict": state}, tmp_path / "a.pth")
    model = init_model(config(plain()), tmp_path / "a.pth")
    assert model.classes == tuple(names) and model.palette == tuple(map(tuple, palette))


def test_a_checkpoint_of_other_names_colours_and_order(tmp_path, capsys):
    state, palette = init_model(config(plain())).model.state_dict(), [[index] * 3 for index in range(5)]
    for names, text in ((["street", *CLASSES[1:]], "'street' is 'sky' in the config"), ([*CLASSES[::-1]], None)):
        torch.save({"meta": {"CLASSES": names, "PALETTE": palette}, "state_dict": state}, tmp_path / "a.pth")
        if text is None:
            with pytest.raises(UserError, match="in another order than the config"):
                init_model(named(), tmp_path / "a.pth")
        else:
            assert init_model(named(), tmp_path / "a.pth").classes == tuple(CLASSES)
            printed = capsys.readouterr().out
            assert text in printed and "another palette" in printed and printed.count("Warning: ") == 2
