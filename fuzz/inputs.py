"""Test all formats of pixels, labels, weights and parameters: ``python -m fuzz.inputs``.

- X1: pixels
- X2: labels and weights
- X3: parameters
- X4: pixels with another range than in `fit`
- X5: few samples, features and classes

Valid input must give the same result as a plain array. Invalid input must be rejected by a
ValueError or a TypeError with a message. Other exceptions, NaN and partially fitted classifiers are
failures.
"""

import copy
import inspect
import warnings
from collections import UserList

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning

from fuzz.common import CLASSIFIERS, Report, digits, fingerprint, small
from fuzz.formats import (
    EQUIVALENT_WEIGHTS,
    EQUIVALENT_X,
    EQUIVALENT_Y,
    INVALID_VALUES,
    INVALID_WEIGHTS,
    INVALID_X,
    INVALID_Y,
    OTHER_N_FEATURES,
    UNUSUAL_X,
)
from skmnist._estimators.parameters import PARAMETERS
from skmnist.exceptions import PixelRangeWarning


def _attempt(call):
    """Return whether a call was rejected with a message, and its result.

    After an unexpected error, return None and a description of the error.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return False, call()
    except (ValueError, TypeError) as error:
        return (True, None) if len(str(error)) > 15 else (None, f"no message: {error!r}")
    except Exception as error:  # no other type is allowed
        return None, f"{type(error).__name__}: {str(error)[:150]}"


def _finite(clf, X):
    return np.isfinite(clf.predict_proba(X)).all()


def pixels(report):
    """X1: pixels of all formats, in four methods."""
    X, y = digits(50)
    failures, tried = [], 0
    for cls in CLASSIFIERS:
        plain = small(cls).fit(X, y)
        predictions = {name: getattr(plain, name)(X) for name in ("predict", "predict_proba")}
        expected_fits = {
            "fit": fingerprint(plain),
            "partial_fit": fingerprint(copy.deepcopy(plain).partial_fit(X, y)),
        }

        def attempts(
            name, convert, kind, cls=cls, plain=plain, predictions=predictions, fits=expected_fits
        ):
            """Yield the name of each method, whether it passed, and its result."""
            for method, expected in fits.items():
                clf = small(cls) if method == "fit" else copy.deepcopy(plain)
                rejected, result = _attempt(
                    lambda c=clf, m=method: getattr(c, m)(convert(X), _labels_for(convert(X), y))
                )
                if kind == "equivalent":
                    passed = rejected is False and fingerprint(result) == expected
                elif kind == "invalid" and not (method == "fit" and name in OTHER_N_FEATURES):
                    passed = rejected is True
                    passed = passed and (method != "fit" or not hasattr(clf, "net_"))
                else:
                    passed = rejected is not None
                    if rejected is False:
                        again, finite = _attempt(lambda c=clf: _finite(c, convert(X)))
                        passed = again or (again is False and bool(finite))
                yield method, passed, result
            for method, expected in predictions.items():
                rejected, result = _attempt(lambda m=method: getattr(plain, m)(convert(X)))
                if kind == "equivalent":
                    passed = rejected is False and np.array_equal(result, expected)
                elif kind == "invalid":
                    passed = rejected is True
                else:
                    passed = rejected or (rejected is False and not _has_nan(result))
                yield method, passed, result

        formats = {"equivalent": EQUIVALENT_X, "invalid": INVALID_X, "unusual": UNUSUAL_X}
        for kind, conversions in formats.items():
            for name, convert in conversions.items():
                for method, passed, result in attempts(name, convert, kind):
                    tried += 1
                    if not passed:
                        failures.append(f"{cls.__name__}.{method}, {name}: {str(result)[:150]}")
    n_formats = len(EQUIVALENT_X) + len(INVALID_X) + len(UNUSUAL_X)
    description = f"{n_formats} formats of X x 4 methods x classes"
    report.add("X1", description, tried, failures)


def _has_nan(result):
    return result.dtype.kind == "f" and not np.isfinite(result).all()


def _labels_for(X, y):
    """Return as many labels as X has samples, so that only X can be the reason of an error."""
    try:
        n = X.shape[0] if getattr(X, "ndim", 1) else len(y)
    except AttributeError:
        n = len(X) if isinstance(X, (list, tuple, UserList)) else len(y)
    return np.resize(y, n)


def labels_and_weights(report):
    """X2: labels and weights of all formats."""
    X, y = digits(50)
    failures, tried = [], 0
    for cls in CLASSIFIERS:
        expected, n = fingerprint(small(cls).fit(X, y)), len(y)
        cases = [(f"y: {name}", f(y), None, True) for name, f in EQUIVALENT_Y.items()]
        cases += [(f"y: {name}", f(y), None, False) for name, f in INVALID_Y.items()]
        cases += [(f"weights: {name}", y, f(n), True) for name, f in EQUIVALENT_WEIGHTS.items()]
        cases += [(f"weights: {name}", y, f(n), False) for name, f in INVALID_WEIGHTS.items()]
        for description, labels, weights, is_valid in cases:
            tried += 1
            clf = small(cls)
            rejected, result = _attempt(lambda c=clf, a=labels, w=weights: c.fit(X, a, w))
            if is_valid:
                passed = rejected is False and fingerprint(result) == expected
                passed = passed and set(clf.predict(X)) <= set(np.ravel(np.asarray(labels)))
            else:
                passed = rejected is True and not hasattr(clf, "net_")
            if not passed:
                failures.append(f"{cls.__name__}, {description}: {str(result)[:150]}")
    description = "formats of y and of weights x classes"
    report.add("X2", description, tried, failures)


def _is_allowed(name, value):
    return any(c.is_satisfied_by(value) for c in PARAMETERS[name].constraints)


def parameters(report):
    """X3: invalid parameters raise an error in `fit` that names them, but not before `fit`."""
    X, y = digits(100)
    failures, tried = [], 0
    for cls in CLASSIFIERS:
        for name in inspect.signature(cls).parameters:
            for value in INVALID_VALUES:
                if _is_allowed(name, value):
                    continue
                tried += 1
                try:
                    clf = clone(cls(**{name: value}), safe=False)
                    repr(clf)
                except Exception as error:  # no exception is allowed before `fit`
                    failures.append(f"{cls.__name__}({name}={value!r}): {error!r} before fit")
                    continue
                try:
                    clf.fit(X, y)
                    outcome = "accepted"
                except (ValueError, TypeError) as error:
                    outcome = str(error)
                except Exception as error:  # the wrong type
                    outcome = repr(error)
                if repr(name) not in outcome and f"{name}=" not in outcome:
                    failures.append(f"{cls.__name__}({name}={value!r}): {outcome[:150]}")
    report.add("X3", "invalid values of all parameters", tried, failures)


def scales(report):
    """X4: pixels of another range than in `fit` give a warning, pixels of the same range do not."""
    X, y = digits()
    formats = {
        "0 to 255": X.astype(np.float32),
        "0 to 1": X / np.float32(255),
        "uint8": X,
        "0 to 1 in float64": X / 255,
    }
    up_to_255 = {"0 to 255", "uint8"}
    failures, tried, false_alarms, n_valid = [], 0, [], 0
    for cls in CLASSIFIERS:
        for fitted_on, X_train in formats.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PixelRangeWarning)  # about "0 to 255"
                clf = small(cls).fit(X_train, y)
            for tested_on, X_test in formats.items():
                ranges_differ = (fitted_on in up_to_255) != (tested_on in up_to_255)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    clf.predict(X_test)
                    if not ranges_differ:
                        for i in range(100):
                            clf.predict(X_test[i : i + 1 + i % 3])
                        n_valid += 101
                alarms = [c for c in caught if issubclass(c.category, PixelRangeWarning)]
                case = f"{cls.__name__} fitted on {fitted_on}, tested on {tested_on}"
                if ranges_differ:
                    tried += 1
                    if not alarms:
                        failures.append(case)
                else:
                    false_alarms += [case] * len(alarms)
    report.add("X4", "pixels of another range warn", tried, failures)
    report.add("X4", "batches without a false alarm", n_valid, false_alarms)


def small_data(report):
    """X5: few samples, features and classes, and batch sizes that do not divide n_samples."""
    X, y = digits(50)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    size = 32
    cases = {
        "n % batch_size == 1": (X[: 2 * size + 1], y[: 2 * size + 1], {}),
        "batch_size 1": (X[:20], y[:20], {"batch_size": 1}),
        "batch_size 2, odd n": (X[:21], y[:21], {"batch_size": 2}),
        "two samples": (X[:2], [0, 1], {}),
        "one feature": (X[:, 400:401].astype(float) + y[:, None], y, {}),
        "two features": (X[:, 400:402].astype(float) + y[:, None], y, {}),
        "one sample of each class": (X[:10], np.arange(10), {}),
        "two classes": (X, y > 4, {}),
        "a hundred classes": (X, np.arange(len(X)), {}),
        "constant pixels": (np.zeros_like(X), y, {}),
        "batch_size above n": (X[:5], [0, 1, 0, 1, 0], {"batch_size": 1000}),
        "partial_fit with one sample": (X[:1], y[:1], {"classes": np.arange(10)}),
    }
    failures, tried = [], 0
    for cls in CLASSIFIERS:
        for description, (samples, labels, options) in cases.items():
            tried += 1
            options = dict(options)
            classes = options.pop("classes", None)
            clf = small(cls, **{"batch_size": size, **options})
            fit = clf.fit if classes is None else clf.partial_fit
            kwargs = {} if classes is None else {"classes": classes}
            rejected, result = _attempt(lambda f=fit, s=samples, a=labels, k=kwargs: f(s, a, **k))
            if rejected is not False or not _finite(clf, samples[:1]):
                failures.append(f"{cls.__name__}, {description}: {rejected=} {str(result)[:150]}")
    report.add("X5", "few samples, features and classes", tried, failures)


def main():
    warnings.simplefilter("ignore", DataConversionWarning)
    report = Report()
    pixels(report)
    labels_and_weights(report)
    parameters(report)
    scales(report)
    small_data(report)
    report.finish()


if __name__ == "__main__":
    main()
