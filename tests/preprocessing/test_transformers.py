"""DigitNormalizer and PixelStandardizer as scikit-learn transformers."""

from typing import get_args, get_type_hints
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from skmnist import CNNClassifier, MLPClassifier
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from skmnist.preprocessing._digit_normalizer import CHOICES

# Most of scikit-learn's checks use tables of a few features, which are not images.
API_CHECKS = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_dont_overwrite_parameters",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("name", API_CHECKS)
def test_digit_normalizer_passes_scikit_learns_checks(name):
    getattr(estimator_checks, name)("DigitNormalizer", DigitNormalizer())


def _pixel_checks():
    for params in [{}, {"mean": None, "std": None}]:
        for estimator, check in estimator_checks.estimator_checks_generator(
            PixelStandardizer(**params)
        ):
            name = getattr(check, "func", check).__name__
            yield pytest.param(estimator, check, id=f"{len(params)}-{name}")


@pytest.mark.parametrize("estimator, check", list(_pixel_checks()))
def test_pixel_standardizer_passes_scikit_learns_checks(estimator, check):
    try:
        check(estimator)
    except SkipTest as skip:
        pytest.fail(f"skipped: {skip}")


def test_clone_and_set_params_of_digit_normalizer(photo):
    normalizer = DigitNormalizer("bbox_centered", on_error="nan")
    copy = clone(normalizer)
    assert copy.get_params() == normalizer.get_params()
    assert copy.set_params(method="emnist").method == "emnist"
    assert normalizer.fit([photo]) is normalizer
    assert vars(normalizer) == normalizer.get_params()


def test_annotations_of_digit_normalizer_equal_the_validated_choices():
    hints = get_type_hints(DigitNormalizer.__init__)
    literals = {
        name: {None if choice is type(None) else choice for choice in choices_of(hints[name])}
        for name in CHOICES
    }
    assert literals == {name: set(choices) for name, choices in CHOICES.items()}


def choices_of(hint):
    """Yield the values of a Literal, or of a union of a Literal and None."""
    for part in get_args(hint):
        yield from get_args(part) or [part]


def test_pandas_output_has_feature_names(photo):
    frame = DigitNormalizer().set_output(transform="pandas").transform([photo, photo])
    assert list(frame.columns) == [f"pixel{i}" for i in range(784)]
    assert frame.to_numpy().dtype == np.uint8
    assert list(DigitNormalizer().get_feature_names_out()) == list(frame.columns)


def test_grid_search_over_methods_in_a_pipeline(sample):
    X, y = sample
    images, y = list(X[::100].reshape(-1, 28, 28)), y[::100]
    pipe = make_pipeline(DigitNormalizer(), KNeighborsClassifier(1))
    search = GridSearchCV(
        pipe, {"digitnormalizer__method": ["mnist", "emnist", "bbox_centered"]}, cv=2
    )
    search.fit(images, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.predict(images[:3]).shape == (3,)


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_pipeline_of_both_transformers_and_a_network(sample, photo, cls):
    X, y = sample
    pipe = make_pipeline(
        DigitNormalizer(),
        PixelStandardizer(),
        cls(max_epochs=2, lr=0.003, batch_size=32, random_state=0),
    )
    assert pipe.fit(X[::10], y[::10]).score(X[1::100], y[1::100]) > 0.5
    assert pipe.predict_proba([photo, photo[10:]]).shape == (2, 10)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28)])
def test_pixel_standardizer_returns_images_as_arrays_despite_pandas_output(sample, shape):
    X = sample[0][::100].reshape(-1, *shape)
    expected = PixelStandardizer().fit_transform(X)
    standardizer = PixelStandardizer().set_output(transform="pandas")
    np.testing.assert_array_equal(standardizer.fit_transform(X), expected)
    np.testing.assert_array_equal(standardizer.transform(X), expected)
    flat = standardizer.fit_transform(X.reshape(len(X), -1))
    np.testing.assert_array_equal(flat, expected.reshape(len(X), -1))
    assert list(flat.columns)[:2] == ["x0", "x1"]
