"""PixelStandardizer: one mean and one standard deviation for all pixels."""

import numpy as np
import pytest

from skmnist.preprocessing import PixelStandardizer


def test_training_set_has_mean_0_and_standard_deviation_1(sample):
    X, _ = sample
    standardizer = PixelStandardizer().fit(X)
    Z = standardizer.transform(X)
    assert Z.dtype == np.float32
    np.testing.assert_allclose([Z.mean(dtype=float), Z.std(dtype=float)], [0, 1], atol=1e-5)
    np.testing.assert_allclose([standardizer.mean_, standardizer.std_], [0.1307, 0.3081], atol=2e-3)
    # `transform` uses the mean of the training set, not that of its own images.
    assert standardizer.transform(X[:10]).mean() != pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_constants_refer_to_pixels_from_0_to_1_for_every_dtype(sample, dtype):
    X = sample[0][::500].astype(dtype)
    Z = PixelStandardizer(0.1307, 0.3081).fit_transform(X)
    np.testing.assert_allclose(Z, (X / 255 - 0.1307) / 0.3081, atol=1e-5)
    assert Z.dtype == (np.float64 if dtype == np.float64 else np.float32)
    floats = PixelStandardizer(0.1307, 0.3081).fit(X / 255)
    assert floats.pixel_scale_ == 1
    np.testing.assert_allclose(floats.transform(X / 255), Z, atol=1e-5)


def test_none_only_scales(sample):
    X = sample[0][::500]
    Z = PixelStandardizer(mean=None, std=None).fit_transform(X)
    np.testing.assert_allclose(Z, X / 255, atol=1e-6)


def test_dark_batch_is_scaled_like_the_training_set(sample):
    X = sample[0][::500]
    standardizer = PixelStandardizer(None, None).fit(X)
    np.testing.assert_allclose(standardizer.transform(X // 255), (X // 255) / 255, atol=1e-6)


def test_images_keep_their_shape(sample):
    images = sample[0][::500].reshape(-1, 28, 28)
    flat = PixelStandardizer().fit_transform(images.reshape(-1, 784))
    got = PixelStandardizer().fit_transform(images)
    np.testing.assert_array_equal(got.reshape(-1, 784), flat)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mean": "mnist"}, "must be 'auto', a finite number or None. Got 'mnist'"),
        ({"std": 0}, "must be 'auto', a finite number greater than 0 or None. Got 0"),
        ({"std": -1.0}, "greater than 0 or None. Got -1.0"),
        ({"mean": float("nan")}, "a finite number or None. Got nan"),
        ({"mean": True}, "Got True"),
    ],
)
def test_invalid_constants_raise_value_error(params, message):
    (name,) = params
    message = f"The '{name}' parameter of PixelStandardizer .*{message} instead"
    with pytest.raises(ValueError, match=message):
        PixelStandardizer(**params).fit(np.zeros((2, 4)))
