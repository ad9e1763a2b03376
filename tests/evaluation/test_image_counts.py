"""Counts of single images: the mIoU of an evaluation, and of any choice of its images."""

import numpy as np
import pytest

from mmseg.evaluation import IoUMetric
from mmseg.evaluation.image_counts import ImageCounts, of_confusions, read_image_counts
from mmseg.evaluation.iou_metric import Counts
from mmseg.utils.errors import UserError

CLASSES = ("sky", "grass", "pole", "car")


def confusions(images=5, seed=0):
    return list(np.random.default_rng(seed).integers(0, 50, (images, 4, 4)))


def metric_of(**options):
    metric = IoUMetric(classes=CLASSES, **options)
    metric.dataset_meta = {"classes": CLASSES, "absent": options.pop("declared", ())}
    return metric


@pytest.mark.parametrize("options", [{}, {"absent": ["pole"]}, {"absent": ["pole"], "eval_absent": "ignore"}, {"unseen": "zero"}])
@pytest.mark.parametrize("declared", [(), ("car",)])
@pytest.mark.parametrize("never", [None, 1])
def test_all_images_give_the_mean_of_the_metric(options, declared, never):
    metric, matrices = metric_of(**options), confusions()
    metric.dataset_meta = {"classes": CLASSES, "absent": declared}
    if never is not None:
        for matrix in matrices:
            matrix[never] = matrix[:, never] = 0
    results = [Counts(None, matrix) for matrix in matrices]
    counts = metric.image_counts(results)
    assert counts.all == pytest.approx(metric.compute_metrics(results)["mIoU"], abs=1e-9)
    twice = metric.compute_metrics([results[0], results[0], results[3]])["mIoU"]
    assert counts.mean_iou(np.array([[2, 0, 0, 1, 0], [1, 1, 1, 1, 1]])) == pytest.approx([twice, counts.all], abs=1e-9)


def test_an_evaluation_leaves_its_counts():
    metric = metric_of()
    assert metric.last_images is None
    metric.results = [Counts(None, matrix) for matrix in confusions(3)]
    assert metric.evaluate(3)["mIoU"] == pytest.approx(metric.last_images.all) and len(metric.last_images) == 3


def test_a_file_gives_them_back(tmp_path):
    counts = of_confusions(confusions(), CLASSES, ["car"], zero=True)
    counts.write(tmp_path / "images.npz")
    back = read_image_counts(tmp_path / "images.npz")
    assert back.classes == CLASSES and back.zero and back.absent.tolist() == [False, False, False, True]
    assert back.all == counts.all and back.same_data(counts)
    assert (tmp_path / "images.npz").stat().st_size < 5 * 4 * 12 + 2000


def test_other_labels_are_other_data():
    one, same_labels = confusions(), confusions()
    for matrix in same_labels:
        matrix[:] = matrix[:, ::-1]  # other predictions
    counts = of_confusions(one, CLASSES)
    assert counts.same_data(of_confusions(same_labels, CLASSES))
    assert not counts.same_data(of_confusions(confusions(seed=1), CLASSES))
    assert not counts.same_data(of_confusions(one[:4], CLASSES))
    assert not counts.same_data(of_confusions(one, CLASSES[::-1]))


@pytest.mark.parametrize("change", [{"hits": np.zeros((2, 3))}, {"absent": np.zeros(4, bool)}, {"truth": np.zeros((3, 3), np.uint32)}])
def test_a_broken_file_is_one_line(tmp_path, change):
    zeros = np.zeros((2, 3), np.uint32)
    arrays = {"hits": zeros, "truth": zeros, "guess": zeros, "absent": np.zeros(3, bool), **change}
    np.savez(tmp_path / "images.npz", **arrays, header=np.array('{"classes": ["a", "b", "c"]}'))
    with pytest.raises(UserError, match=r"images\.npz holds no counts of images\. Remove it"):
        read_image_counts(tmp_path / "images.npz")
    (tmp_path / "images.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="is cut off"):
        read_image_counts(tmp_path / "images.npz")


def test_no_class_at_all_has_no_mean():
    counts = ImageCounts(classes=("a",), hits=np.zeros((2, 1)), truth=np.zeros((2, 1)), guess=np.zeros((2, 1)), absent=np.zeros(1, bool))
    assert np.isnan(counts.all)
