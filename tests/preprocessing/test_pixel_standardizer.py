"""PixelStandardizer."""

import numpy as np
import pytest

from skmnist.preprocessing import PixelStandardizer


def test_pixels_of_the_data_set_have_mean_0_and_deviation_1(sample):
    X, _ = sample
    normalizer = PixelStandardizer().fit(X)
    Z = normalizer.transform(X)
    assert Z.dtype == np.float32
    np.testing.assert_allclose([Z.mean(dtype=float), Z.std(dtype=float)], [0, 1], atol=1e-5)
    np.testing.assert_allclose([normalizer.mean_, normalizer.std_], [0.1307, 0.3081], atol=2e-3)
    # Other pictures are not measured by their own.
    assert normalizer.transform(X[:10]).mean() != pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_given_constants_are_for_pixels_of_0_to_1_whatever_the_type(sample, dtype):
    X = sample[0][::500].astype(dtype)
    Z = PixelStandardizer(0.1307, 0.3081).fit_transform(X)
    np.testing.assert_allclose(Z, (X / 255 - 0.1307) / 0.3081, atol=1e-5)
    assert Z.dtype == (np.float64 if dtype == np.float64 else np.float32)
    floats = PixelStandardizer(0.1307, 0.3081).fit(X / 255)
    assert floats.pixel_scale_ == 1
    np.testing.assert_allclose(floats.transform(X / 255), Z, atol=1e-5)


def test_none_changes_nothing_but_the_scale(sample):
    X = sample[0][::500]
    Z = PixelStandardizer(mean=None, std=None).fit_transform(X)
    np.testing.assert_allclose(Z, X / 255, atol=1e-6)


def test_a_dark_batch_is_scaled_as_fit_was(sample):
    X = sample[0][::500]
    normalizer = PixelStandardizer(None, None).fit(X)
    np.testing.assert_allclose(normalizer.transform(X // 255), (X // 255) / 255, atol=1e-6)


def test_pictures_keep_their_shape(sample):
    images = sample[0][::500].reshape(-1, 28, 28)
    flat = PixelStandardizer().fit_transform(images.reshape(-1, 784))
    got = PixelStandardizer().fit_transform(images)
    np.testing.assert_array_equal(got.reshape(-1, 784), flat)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"mean": "mnist"}, "mean='mnist': wanted is \"auto\", a number"),
        ({"std": 0}, "std=0: wanted .* above 0"),
        ({"std": -1.0}, "std=-1.0: wanted .* above 0"),
        ({"mean": float("nan")}, "mean=nan: wanted"),
        ({"mean": True}, "mean=True: wanted"),
    ],
)
def test_means_and_deviations_that_are_none_are_refused(params, words):
    with pytest.raises(ValueError, match=words):
        PixelStandardizer(**params).fit(np.zeros((2, 4)))
