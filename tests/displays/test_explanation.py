"""ExplanationDisplay."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC
from torch import nn

from skmnist import CNNClassifier, MLPClassifier, TorchClassifier
from skmnist.displays import ExplanationDisplay
from skmnist.displays._attributions import METHODS
from tests.displays.helpers import assert_no_overlap, assert_readable
from tests.helpers import digits

explain = ExplanationDisplay.from_estimator
GRADIENT_METHODS = ["gradient", "integrated_gradients", "grad_cam"]


class LinearPixels(ClassifierMixin, BaseEstimator):
    """Two classes; the log-odds of the second one are a weighted sum of the pixels."""

    def __init__(self, weights):
        self.weights = weights
        self.classes_ = np.array(["no", "yes"])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-(np.asarray(X, float) @ self.weights.ravel())))
        return np.column_stack([1 - p, p])


@pytest.fixture(scope="module")
def color_data():
    X, y = digits(10)
    gray = X.reshape(-1, 28, 28)[:, ::2, ::2]
    return np.stack([gray, gray // 2, 255 - gray], axis=1), y


@pytest.fixture(scope="module")
def color_cnn(color_data):
    return CNNClassifier((4, 6), max_epochs=2, random_state=0).fit(*color_data)


def module_on_images(clf):
    """Return the logits as a function of images of shape (n, 1, 28, 28)."""
    shape = clf._module_input_shape()
    return lambda x: clf.module_(x.reshape(len(x), *shape))


@pytest.mark.parametrize("model", ["mlp", "cnn", "backprop"])
@pytest.mark.parametrize("index", [3, 140, 333])
def test_integrated_gradients_sum_to_the_difference_of_the_logits(model, index, data, request):
    clf, X = request.getfixturevalue(model), data[0][[index]]
    display = explain(clf, X, method="integrated_gradients")
    logits = clf.decision_function(X)[0] - clf.decision_function(np.zeros_like(X))[0]
    expected = logits[[*display.display_labels]]
    np.testing.assert_allclose(display.attributions.sum((1, 2)), expected, rtol=0.01)


def test_integrated_gradients_start_at_the_baseline(mlp, data):
    X = 255 - data[0][[3]]
    display = explain(mlp, X, "integrated_gradients", baseline=255)
    logits = mlp.decision_function(X)[0] - mlp.decision_function(np.full_like(X, 255))[0]
    expected = logits[[*display.display_labels]]
    np.testing.assert_allclose(display.attributions.sum((1, 2)), expected, rtol=0.01)
    assert not display.attributions[:, X.reshape(28, 28) == 255].any()


def test_attributions_agree_with_captum(cnn, data):
    attr = pytest.importorskip("captum.attr", reason="needs captum, of the test extra")
    network = module_on_images(cnn)
    x = torch.from_numpy(data[0][3].reshape(1, 1, 28, 28) / np.float32(255)).requires_grad_()
    (last_conv,) = [m for m in cnn.module_.modules() if isinstance(m, nn.Conv2d)][-1:]
    # Without the layers between the last convolution and the feature maps that are explained.
    block = [*cnn.module_.features]
    after = block[block.index(last_conv) :][-1]

    def probabilities(images):
        return torch.softmax(network(images), 1)

    for target in (2, 7):
        compute = {
            "occlusion": lambda t=target: attr.Occlusion(probabilities).attribute(
                x, (1, 4, 4), target=t
            ),
            "gradient": lambda t=target: attr.Saliency(network).attribute(x, t, abs=False),
            "integrated_gradients": lambda t=target: attr.IntegratedGradients(network).attribute(
                x, target=t, n_steps=1024, method="riemann_middle"
            ),
            "grad_cam": lambda t=target: attr.LayerAttribution.interpolate(
                attr.LayerGradCam(network, after).attribute(x, t), (28, 28), "bilinear"
            ),
        }
        assert compute.keys() == METHODS.keys()
        for method, reference in compute.items():
            ours = explain(cnn, data[0][3], method, target=target, against=0).attributions[0]
            theirs = reference().detach().numpy()[0, 0]
            atol = 0.01 * np.abs(theirs).max()
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol, err_msg=method)


@pytest.mark.parametrize("window", [None, 1, 3])
@pytest.mark.parametrize("shape", [(9, 9), (7, 12), (70, 70)])
def test_occlusion_of_a_mirrored_image_is_mirrored(shape, window):
    rng = np.random.default_rng(0)
    weights, image = rng.normal(0, 0.1, shape), rng.random(shape)
    maps = explain(LinearPixels(weights), image, window=window).attributions
    mirrored = explain(LinearPixels(weights[:, ::-1].copy()), image[:, ::-1], window=window)
    np.testing.assert_allclose(mirrored.attributions, maps[:, :, ::-1], atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_evidence_is_positive_for_its_class_and_negative_for_the_other(method):
    # A horizontal bar speaks for the class 1, a vertical one for the class 0.
    rng = np.random.default_rng(0)
    X = np.zeros((400, 10, 10), np.float32)
    y = np.arange(400) % 2
    for image, label, (i, j) in zip(X, y, rng.integers(0, 6, (400, 2)), strict=True):
        image[(i, slice(j, j + 5)) if label else (slice(i, i + 5), j)] = 1
    clf = CNNClassifier(
        (8,), pool_size=None, global_pool="max", hidden_layer_sizes=(), lr=0.03, random_state=0
    ).fit(X, y)
    assert clf.score(X, y) > 0.95
    both = np.zeros((10, 10), np.float32)
    bars = (1, slice(2, 7)), (slice(4, 9), 7)
    both[bars[0]] = both[bars[1]] = 1
    display = explain(clf, both, method, target=1, against=0)
    for_1, for_0 = display.attributions
    means = [(one[bars[i]].mean(), one[bars[1 - i]].mean()) for i, one in enumerate((for_1, for_0))]
    assert all(own > other for own, other in means)
    if method != "grad_cam":  # whose maps have no zero point
        assert all(own > 0 > other for own, other in means)


def test_occlusion_keeps_the_digits_of_small_drops():
    weights = np.zeros((6, 6))
    weights[2:4, 2:4] = 10.0

    class Float32(LinearPixels):
        def predict_proba(self, X):
            odds = np.asarray(X, float) @ self.weights.ravel()
            return np.column_stack([np.exp(-odds), 1 - np.exp(-odds)]).astype(np.float32)

    for_yes, for_no = explain(Float32(weights), np.ones((6, 6)), window=1).attributions
    assert for_yes[2, 2] > 0
    np.testing.assert_allclose(for_yes, -for_no)


@pytest.mark.parametrize("method", METHODS)
def test_color_images_are_explained(method, color_cnn, color_data, boxes_of):
    display = explain(color_cnn, color_data[0][5], method)
    assert display.attributions.shape == (2, 14, 14)
    assert display.attributions.any()
    assert_readable(display.figure_, boxes_of)


@pytest.mark.parametrize("method", ["gradient", "integrated_gradients"])
def test_channels_are_summed(method, color_cnn, color_data):
    images = color_data[0][[5]]
    display = explain(color_cnn, images, method)
    if method == "integrated_gradients":
        ends = np.concatenate([images, np.zeros_like(images)])
        logits = np.subtract(*color_cnn.decision_function(ends))
        expected = logits[[*display.display_labels]]
        np.testing.assert_allclose(display.attributions.sum((1, 2)), expected, rtol=0.01)
    else:
        x = torch.from_numpy(images / np.float32(255)).requires_grad_()
        color_cnn.module_(x)[0, int(display.display_labels[0])].backward()
        np.testing.assert_allclose(display.attributions[0], x.grad[0].sum(0), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_channels_may_be_last(method, color_data):
    first, y = color_data
    last = np.ascontiguousarray(first.transpose(0, 2, 3, 1))
    params = {"max_epochs": 2, "random_state": 0}
    clfs = [
        CNNClassifier((4, 6), **params).fit(first, y),
        CNNClassifier((4, 6), image_shape=(14, 14, 3), **params).fit(last, y),
    ]
    ours, theirs = (explain(clf, X[5], method) for clf, X in zip(clfs, (first, last), strict=True))
    np.testing.assert_allclose(theirs.attributions, ours.attributions, atol=1e-6)
    np.testing.assert_array_equal(theirs.image, ours.image)


def test_predicted_and_second_class_are_explained_by_default(mlp, data):
    proba = mlp.predict_proba(data[0][[3]])[0]
    display = explain(mlp, data[0][3])
    assert display.display_labels.tolist() == np.argsort(-proba)[:2].tolist()
    np.testing.assert_array_equal(display.proba, np.sort(proba)[::-1][:2])
    assert f"({proba.max():.1%})" in display.axes_[1].get_title()
    names = [f"digit {i}" for i in range(10)]
    display = explain(mlp, data[0][3], target=1, against=8, display_labels=names)
    assert display.display_labels.tolist() == ["digit 1", "digit 8"]


def test_any_classifier_with_probabilities_is_explained_by_occlusion(data):
    X, y = data
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)])
    classifiers = [
        LogisticRegression(tol=0.1).fit(X / 255, y),
        make_pipeline(MaxAbsScaler(), MLPClassifier((8,), max_epochs=1, random_state=0)).fit(X, y),
        KNeighborsClassifier(5).fit(frame, y),
    ]
    for clf, image in zip(classifiers, [X[3] / 255, X[3], frame.iloc[3]], strict=True):
        maps = explain(clf, image).attributions
        assert maps.shape == (2, 28, 28)
        assert np.isfinite(maps).all()


def test_long_names_of_classes_do_not_overlap(mlp, data, boxes_of):
    names = [f"the digit with the number {i}" for i in range(10)]
    display = explain(mlp, data[0][3], display_labels=names)
    assert_no_overlap(boxes_of(display.figure_))
    titles = [ax.get_title() for ax in display.axes_[1:]]
    assert all(title.startswith("what speaks\nfor the") for title in titles)


def test_maps_share_a_symmetric_scale(mlp, data, boxes_of):
    display = explain(mlp, data[0][3], "gradient")
    largest = np.abs(display.attributions).max()
    assert display.colorbar_.mappable.get_clim() == (-largest, largest)
    assert_readable(display.figure_, boxes_of)
    display.plot(vmax=0.5)
    assert display.colorbar_.mappable.get_clim() == (-0.5, 0.5)


def test_module_that_changes_its_input_in_place_is_explained(data):
    module = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(784, 10))
    clf = TorchClassifier(module, max_epochs=1, random_state=0).fit(*data)
    before = digits(10)[0][3]
    display = explain(clf, before, "integrated_gradients")
    np.testing.assert_array_equal(before, data[0][3])
    assert display.attributions.any()
    assert all(p.grad is None or p.grad.isfinite().all() for p in clf.module_.parameters())


def test_feature_maps_of_another_convolution(cnn, data):
    first, last = (explain(cnn, data[0][3], "grad_cam", layer=i).attributions for i in (0, -1))
    assert np.abs(first - last).max() > 0
    with pytest.raises(ValueError, match=r"'layer' parameter .* range \[-2, 1\].* Got 2 instead"):
        explain(cnn, data[0][3], "grad_cam", layer=2)
    with pytest.raises(ValueError, match=r"'layer' parameter .* Got 'conv' instead"):
        explain(cnn, data[0][3], "grad_cam", layer="conv")
    assert not any(layer._forward_hooks for layer in cnn.module_.modules())


@pytest.mark.parametrize("method", GRADIENT_METHODS)
def test_gradients_need_a_network_of_ours(method, linear, data):
    pipeline = make_pipeline(MaxAbsScaler(), LogisticRegression(tol=0.1)).fit(*data)
    for clf in (linear, pipeline):
        with pytest.raises(TypeError, match=rf"'{method}'.* Got {type(clf).__name__} .*occlusion"):
            explain(clf, data[0][3], method)


def test_wrong_arguments_are_rejected(mlp, data):
    image = data[0][3]
    cases = [
        ({"method": "gradcam"}, r"'method' parameter .* Did you mean 'grad_cam'"),
        ({"target": "3"}, r"'target' parameter .* must be None or one of the classes \[0, "),
        ({"target": 3, "against": 3}, "'against' parameter .* another class than .* 3"),
        ({"window": 0}, r"'window' parameter .* \[1, inf\). Got 0"),
        ({"baseline": np.nan}, "'baseline' parameter .* a finite number. Got nan"),
        ({"baseline": "black"}, "'baseline' parameter .* a finite number. Got 'black'"),
        ({"baseline": 300}, "'baseline' parameter .* a value of uint8, the type of the image"),
        ({"baseline": 127.5}, "'baseline' parameter .* Got 127.5"),
        ({"vmax": -1}, "'vmax' parameter .* Got -1"),
        ({"display_labels": ["zero", "one"]}, "'display_labels' parameter .* list of 10 names"),
    ]
    for kwargs, message in cases:
        with pytest.raises(ValueError, match=message):
            explain(mlp, image, **kwargs)
    with pytest.raises(TypeError, match="grad_cam.* convolutions. MLPClassifier has none"):
        explain(mlp, image, "grad_cam")
    svc = LinearSVC().fit(data[0][::25] / 255, data[1][::25])
    with pytest.raises(TypeError, match="predict_proba, but LinearSVC"):
        explain(svc, image)
