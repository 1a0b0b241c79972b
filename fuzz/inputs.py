"""Every form of pixels, labels, weights and parameters: ``python -m fuzz.inputs``.

X1: pixels. X2: labels and weights. X3: parameters. X4: pixels on another scale. X5: few rows and
few features. What is sound must give the plain array's answer; what is not must be refused by a
ValueError or TypeError in words. Nothing else may come: no other error, no NaN, no half-fitted net.
"""

import copy
import inspect
import warnings
from collections import UserList

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning

from fuzz.bars import CLASSIFIERS, Bars, digits, fingerprint, small
from fuzz.forms import (
    BAD_VALUES,
    BAD_WEIGHTS,
    BAD_X,
    BAD_Y,
    ODD_X,
    OTHER_WIDTH,
    SAME_WEIGHTS,
    SAME_X,
    SAME_Y,
)
from skmnist._estimators.parameters import PARAMETERS
from skmnist.exceptions import PixelRangeWarning


def _attempt(call):
    """Return (whether it was refused in words, the result or a description of the error)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return False, call()
    except (ValueError, TypeError) as error:
        return (True, None) if len(str(error)) > 15 else (None, f"wordless {error!r}")
    except Exception as error:  # whatever else it is, it is one too many
        return None, f"{type(error).__name__}: {str(error)[:150]}"


def _finite(clf, X):
    return np.isfinite(clf.predict_proba(X)).all()


def pixels(bars):
    """X1."""
    X, y = digits(50)
    wrong, tried = [], 0
    for cls in CLASSIFIERS:
        plain = small(cls).fit(X, y)
        answers = {name: getattr(plain, name)(X) for name in ("predict", "predict_proba")}
        bits = fingerprint(plain)
        further = fingerprint(copy.deepcopy(plain).partial_fit(X, y))

        def wanted(form, make, kind, cls=cls, plain=plain, answers=answers, bits=bits, f=further):
            """Yield (method, whether it went as it must, what came)."""
            fits = {
                "fit": (small(cls), bits),
                "partial_fit": (copy.deepcopy(plain), f),
            }
            for method, (clf, expected) in fits.items():
                refused, result = _attempt(
                    lambda c=clf, m=method: getattr(c, m)(make(X), _labels_for(make(X), y))
                )
                if kind == "same":
                    good = refused is False and fingerprint(result) == expected
                elif kind == "bad" and not (method == "fit" and form in OTHER_WIDTH):
                    good = refused is True
                    good = good and (method != "fit" or not hasattr(clf, "net_"))
                else:
                    good = refused is not None
                    if refused is False:
                        again, finite = _attempt(lambda c=clf: _finite(c, make(X)))
                        good = again or (again is False and bool(finite))
                yield method, good, result
            for method, expected in answers.items():
                refused, result = _attempt(lambda m=method: getattr(plain, m)(make(X)))
                if kind == "same":
                    good = refused is False and np.array_equal(result, expected)
                elif kind == "bad":
                    good = refused is True
                else:
                    good = refused or (refused is False and not _has_nan(result))
                yield method, good, result

        for kind, forms in (("same", SAME_X), ("bad", BAD_X), ("odd", ODD_X)):
            for form, make in forms.items():
                for method, good, came in wanted(form, make, kind):
                    tried += 1
                    if not good:
                        wrong.append(f"{cls.__name__}.{method}, {form}: {str(came)[:150]}")
    n_forms = len(SAME_X) + len(BAD_X) + len(ODD_X)
    words = f"{n_forms} forms of X x 4 methods x classes"
    bars.report("X1", words, tried - len(wrong), tried, wrong)


def _has_nan(result):
    return result.dtype.kind == "f" and not np.isfinite(result).all()


def _labels_for(X, y):
    """Return as many labels as X has rows, so that their number isn't what is refused."""
    try:
        n = X.shape[0] if getattr(X, "ndim", 1) else len(y)
    except AttributeError:
        n = len(X) if isinstance(X, (list, tuple, UserList)) else len(y)
    return np.resize(y, n)


def labels_and_weights(bars):
    """X2."""
    X, y = digits(50)
    wrong, tried = [], 0
    for cls in CLASSIFIERS:
        bits = fingerprint(small(cls).fit(X, y))
        cases = [(f"y: {form}", make(y), None, "y") for form, make in SAME_Y.items()]
        cases += [(f"y: {form}", make(y), None, None) for form, make in BAD_Y.items()]
        n = len(y)
        cases += [(f"weights: {form}", y, make(n), "w") for form, make in SAME_WEIGHTS.items()]
        cases += [(f"weights: {form}", y, make(n), None) for form, make in BAD_WEIGHTS.items()]
        for words, labels, weights, sound in cases:
            tried += 1
            clf = small(cls)
            refused, result = _attempt(lambda c=clf, a=labels, w=weights: c.fit(X, a, w))
            if sound:
                good = refused is False and fingerprint(result) == bits
                good = good and set(clf.predict(X)) <= set(np.ravel(np.asarray(labels)))
            else:
                good = refused is True and not hasattr(clf, "net_")
            if not good:
                wrong.append(f"{cls.__name__}, {words}: {str(result)[:150]}")
    bars.report("X2", "forms of y and of weights x classes", tried - len(wrong), tried, wrong)


def _is_allowed(name, value):
    return any(c.is_satisfied_by(value) for c in PARAMETERS[name].constraints)


def parameters(bars):
    """X3: refused at fit, by the parameter's name; at init, clone and repr none is looked at."""
    X, y = digits(100)
    wrong, tried = [], 0
    for cls in CLASSIFIERS:
        for name in inspect.signature(cls).parameters:
            for value in BAD_VALUES:
                if _is_allowed(name, value):
                    continue
                tried += 1
                try:
                    clf = clone(cls(**{name: value}), safe=False)
                    repr(clf)
                except Exception as error:  # nothing may come this early
                    wrong.append(f"{cls.__name__}({name}={value!r}): {error!r} before fit")
                    continue
                try:
                    clf.fit(X, y)
                    came = "taken"
                except (ValueError, TypeError) as error:
                    came = str(error)
                except Exception as error:  # the wrong kind
                    came = repr(error)
                if repr(name) not in came and f"{name}=" not in came:
                    wrong.append(f"{cls.__name__}({name}={value!r}): {came[:150]}")
    bars.report("X3", "bad values of every parameter", tried - len(wrong), tried, wrong)


def scales(bars):
    """X4: 0 to 1 against 0 to 255 warns each time; 100 ordinary batches don't."""
    X, y = digits()
    forms = {
        "0 to 255": X.astype(np.float32),
        "0 to 1": X / np.float32(255),
        "bytes": X,
        "0 to 1 in float64": X / 255,
    }
    large = {"0 to 255", "bytes"}
    wrong, tried, false_alarms, ordinary = [], 0, [], 0
    for cls in CLASSIFIERS:
        for fitted_on, A in forms.items():
            clf = small(cls).fit(A, y)
            for asked_on, B in forms.items():
                is_trap = (fitted_on in large) != (asked_on in large)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    clf.predict(B)
                    if not is_trap:
                        for i in range(100):
                            clf.predict(B[i : i + 1 + i % 3])
                        ordinary += 101
                alarms = [c for c in caught if issubclass(c.category, PixelRangeWarning)]
                if is_trap:
                    tried += 1
                    if not alarms:
                        wrong.append(f"{cls.__name__} fitted on {fitted_on}, asked {asked_on}")
                else:
                    false_alarms += [f"{cls.__name__}, {fitted_on}, {asked_on}"] * len(alarms)
    bars.report("X4", "pixels on another scale warn", tried - len(wrong), tried, wrong)
    bars.report(
        "X4", "ordinary batches don't", ordinary - len(false_alarms), ordinary, false_alarms
    )


def small_data(bars):
    """X5."""
    X, y = digits(50)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    size = 32
    cases = {
        "n % batch_size == 1": (X[: 2 * size + 1], y[: 2 * size + 1], {}),
        "batch_size 1": (X[:20], y[:20], {"batch_size": 1}),
        "batch_size 2, odd n": (X[:21], y[:21], {"batch_size": 2}),
        "two rows": (X[:2], [0, 1], {}),
        "one feature": (X[:, 400:401].astype(float) + y[:, None], y, {}),
        "two features": (X[:, 400:402].astype(float) + y[:, None], y, {}),
        "one row a class": (X[:10], np.arange(10), {}),
        "two classes": (X, y > 4, {}),
        "a hundred classes": (X, np.arange(len(X)), {}),
        "constant pixels": (np.zeros_like(X), y, {}),
        "batch_size above n": (X[:5], [0, 1, 0, 1, 0], {"batch_size": 1000}),
        "one row of one class, by partial_fit": (X[:1], y[:1], {"classes": np.arange(10)}),
    }
    wrong, tried = [], 0
    for cls in CLASSIFIERS:
        for words, (rows, labels, options) in cases.items():
            tried += 1
            options = dict(options)
            classes = options.pop("classes", None)
            clf = small(cls, **{"batch_size": size, **options})
            fit = clf.fit if classes is None else clf.partial_fit
            more = {} if classes is None else {"classes": classes}
            refused, result = _attempt(lambda f=fit, r=rows, a=labels, m=more: f(r, a, **m))
            if refused is not False or not _finite(clf, rows[:1]):
                wrong.append(f"{cls.__name__}, {words}: refused={refused} {str(result)[:150]}")
    bars.report("X5", "few rows, features and classes", tried - len(wrong), tried, wrong)


def main():
    warnings.simplefilter("ignore", DataConversionWarning)
    bars = Bars()
    pixels(bars)
    labels_and_weights(bars)
    parameters(bars)
    scales(bars)
    small_data(bars)
    bars.finish()


if __name__ == "__main__":
    main()
