"""read_image: gray levels and size."""

import numpy as np

from skmnist.preprocessing import read_image


def test_gray_is_luminance():
    colors = np.eye(3)[None]
    np.testing.assert_allclose(read_image(colors), [[0.299, 0.587, 0.114]], atol=1e-6)


def test_images_are_reduced_and_never_enlarged():
    assert read_image(np.zeros((300, 100)), max_side=150).shape == (150, 50)
    assert read_image(np.zeros((30, 10)), max_side=150).shape == (30, 10)
    assert read_image(np.zeros((3000, 1)), max_side=150).shape == (150, 1)
