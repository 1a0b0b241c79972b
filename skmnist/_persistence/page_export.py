"""Export classifiers to a web page on which digits can be drawn."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from skmnist._files.atomic import atomic_write
from skmnist._utils.torch_defaults import torch_defaults

from .estimator_module import EstimatorModule
from .page_layout import find_layout
from .page_network import describe_network
from .page_parts import split_estimator

if TYPE_CHECKING:
    import os

    from sklearn.base import BaseEstimator

    from .page_parts import PageParts

# The files of the page that `skmnist serve` shows. The last script is the one that differs.
_SCRIPTS = ("page.js", "normalizer.js", "network.js", "standalone.js")
_STYLE = "page.css"
# Parts of the served page that an exported page does not have.
_SERVED_ONLY = re.compile(
    r' *<link rel="stylesheet"[^\n]*\n| *<script[^\n]*\n'
    r"| *<!-- (photos|explanation) -->.*?<!-- end of \1 -->\n",
    re.DOTALL,
)
_MNIST_SIDE, _MNIST_DIGIT_SIDE = 28, 20  # of an image, and of the bounding box of its digit
_MIN_BOX_SIDE = 10  # pixels: MNIST pads smaller bounding boxes to this side


def export_page(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Export a fitted classifier to a web page on which digits can be drawn.

    The page is one HTML file that contains the network. It needs no server and no internet
    connection: it can be opened from a disk, sent by e-mail or put on any web host, and it works
    on phones. A digit is drawn with a mouse, a pen or a finger. The page shows the input of the
    network and the probability of each class.

    Parameters
    ----------
    estimator : MLPClassifier, CNNClassifier, BackpropClassifier, Pipeline or RejectClassifier
        The fitted classifier of gray-scale images. The steps of a Pipeline may be a
        DigitNormalizer, then PixelStandardizer, StandardScaler, MinMaxScaler, MaxAbsScaler,
        RobustScaler, PCA or "passthrough". Of a fitted search, the best estimator is exported.
    path : str or path
        Path of the file, usually with the suffix ``.html``.

    Raises
    ------
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` is another classifier.
    ValueError
        If `estimator` was fitted on images in color or on images smaller than 8 x 8 pixels, or if
        a step of the pipeline is not supported.
    OSError
        If the file cannot be written. An existing file is unchanged.

    See Also
    --------
    skmnist.serving.DigitServer : Serve a page for any classifier, which also reads photos.
    export_onnx : Export a classifier to ONNX.

    Notes
    -----
    A drawing is converted as by :class:`~skmnist.preprocessing.DigitNormalizer`. In images of other
    sizes than 28 x 28 pixels, a digit either has the same share of the image as in MNIST (20/28),
    or fills the image, as in USPS and scikit-learn's digits. The page uses the one at which the
    network is more confident about 500 bundled digits.

    The weights are stored as float16, two bytes each, if no probability of 500 bundled digits
    changes by more than 0.00025. Otherwise they are stored as float32. The page computes in
    float64.

    The page's Content-Security-Policy forbids all requests. Other scripts in the browser can call
    ``predictProba(pixels)``, with a flat array of pixels in the range of the training images.

    Examples
    --------
    >>> import skmnist
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = skmnist.MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> skmnist.export_page(clf, "digits.html")  # doctest: +SKIP
    """
    parts = split_estimator(estimator)
    with torch_defaults():
        module = EstimatorModule(parts.steps, parts.clf)
        has_margin, digits = find_layout(module, parts)
        network = describe_network(module, digits)
    description = {
        "name": type(parts.clf).__name__,
        "classes": [str(label) for label in parts.clf.classes_.tolist()],
        "threshold": 0 if parts.reject is None else float(parts.reject.threshold),
        "reject_label": None if parts.reject is None else str(parts.reject.reject_label_),
        "shape": parts.image_shape,
        "pixel_max": parts.pixel_max,
        "normalizer": _describe_normalizer(parts, has_margin=has_margin),
        **network,
    }
    with atomic_write(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(_page(description))


def _describe_normalizer(parts: PageParts, *, has_margin: bool) -> dict[str, Any]:
    """Return the options of ``normalizeDrawing`` in ``serving/page/normalizer.js``."""
    side = min(parts.image_shape)
    is_mnist = parts.normalizer.method == "mnist"
    return {
        "stroke_width": parts.normalizer.stroke_width,
        "digit_size": round(side * _MNIST_DIGIT_SIDE / _MNIST_SIDE) if has_margin else side,
        "min_side": _MIN_BOX_SIDE if is_mnist else 1,
        "center_of_mass": is_mnist and has_margin,
    }


def _page(description: dict[str, Any]) -> str:
    """Return the HTML of the page."""
    # Escaped, a label cannot end the element or begin another one.
    model = json.dumps(description, allow_nan=False).replace("<", "\\u003c")
    style = _read(_STYLE)
    script = "\n".join(map(_read, _SCRIPTS))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    html = _SERVED_ONLY.sub("", _read("index.html"))
    # The policy applies to what follows it.
    charset = '<meta charset="utf-8">\n'
    policy_tag = f'  <meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    html = html.replace(charset, charset + policy_tag)
    html = html.replace("</head>", f"  <style>{style}</style>\n</head>")
    scripts = (
        f'<script type="application/json" id="description">{model}</script>\n'
        f"<script>{script}</script>\n"
    )
    return html.replace("</body>", scripts + "</body>")


def _read(name: str) -> str:
    return (files("skmnist") / "serving" / "page" / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """Return the hash by which the Content-Security-Policy allows an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
