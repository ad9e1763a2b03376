"""The picture of prototypes, and the plane that it lies in."""

import numpy as np

from mmseg.visualization.pictures.prototypes import directions, principal_plane, prototype_picture


def test_the_plane_of_largest_variance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 4)) * [1, 5, 0.1, 3] + 7
    mean, plane = principal_plane(vectors)
    assert np.allclose(mean, vectors.mean(axis=0))
    assert np.allclose(plane.T @ plane, np.eye(2))
    assert np.abs(plane[1, 0]) > 0.99 and np.abs(plane[3, 1]) > 0.99
    assert all(column[np.abs(column).argmax()] > 0 for column in plane.T)


def test_one_feature_has_a_plane():
    mean, plane = principal_plane(np.ones((1, 3)))
    assert plane.shape == (3, 2) and np.isfinite(plane).all() and np.array_equal(mean, np.ones(3))


def test_directions_have_length_one_or_are_zero():
    assert np.allclose(np.linalg.norm(directions(np.array([[3.0, 4.0], [0.0, 0.0]])), axis=1), [1, 0])


def test_a_picture_shows_every_prototype_that_there_is():
    rng = np.random.default_rng(0)
    palette, shares = [(255, 0, 0), (0, 0, 255)], {"nearest": [0.9, 0.1], "balanced": [1.0, 0.0]}
    label = np.zeros(50, int)
    pictures = [
        prototype_picture(["road", "sky"], palette, rng.normal(size=(50, 3)), label, np.eye(2, 3), shares, np.array(drawn))
        for drawn in ([True, True], [True, False])
    ]
    blue = [(picture == (255, 0, 0)).all(axis=2).sum() for picture in pictures]
    assert pictures[0].dtype == np.uint8 and pictures[0].shape == (572, 1430, 3)
    assert blue[0] > 10 and blue[1] == 0
