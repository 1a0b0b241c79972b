"""Support for the callbacks of scikit-learn 1.9 and later.

A fit is a task, and each epoch is a subtask. With older versions of scikit-learn, the estimators
have no method ``set_callbacks``.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import traceback
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

from skmnist.exceptions import CallbackConnectionWarning

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _sklearn_with_callbacks
except ImportError:
    CallbackSupportMixin, _sklearn_with_callbacks = object, None

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike
    from sklearn.callback import CallbackContext

    from .net_classifier import BaseNetClassifier

_Method = TypeVar("_Method", bound="Callable[..., Any]")


def with_callbacks(method: _Method) -> _Method:
    """Apply scikit-learn's ``with_callbacks`` decorator if it exists.

    The annotation keeps the signature of `fit` for type checkers and editors.
    """
    return method if _sklearn_with_callbacks is None else _sklearn_with_callbacks(method)


class SklearnCallbacksMixin(CallbackSupportMixin):
    """Call scikit-learn's callbacks before and after a fit and each of its epochs."""

    def _begin_callback_tasks(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> CallbackTasks | None:
        """Begin the task of a fit; return None if the estimator has no callbacks."""
        if not hasattr(self, "_init_callback_context"):
            return None
        context = self._init_callback_context(max_subtasks=self.max_epochs)
        if not hasattr(self, "_skl_callbacks"):
            return None
        return CallbackTasks(self, context, X, y, sample_weight)


class CallbackTasks:
    """Callback tasks of a fit and of its epochs.

    Parameters
    ----------
    estimator : estimator
    context : sklearn.callback.CallbackContext
        The context of the fit.
    X, y, sample_weight
        As the user passed them.
    """

    def __init__(
        self,
        estimator: BaseNetClassifier,
        context: CallbackContext,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
    ) -> None:
        self._estimator = estimator
        self._context = context
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._hook_kwargs = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._disconnected = False
        self._notify(context.call_on_fit_task_begin)

    def begin_epoch(self) -> None:
        """Call the hooks at the beginning of an epoch."""
        self._epoch_context = self._context.subcontext(task_name="epoch")
        self._notify(self._epoch_context.call_on_fit_task_begin, self._reconstruction_attributes)

    def end_epoch(self) -> bool:
        """Call the hooks at the end of an epoch; return whether a callback stops the fit."""
        hook = self._epoch_context.call_on_fit_task_end
        return self._notify(hook, self._reconstruction_attributes)

    def end(self) -> None:
        """Call the hooks at the end of the fit."""
        self._notify(self._context.call_on_fit_task_end, self._reconstruction_attributes)

    def _reconstruction_attributes(self) -> dict[str, Any]:
        # Only called if a callback requests a fitted estimator.
        return {"net_": self._estimator.net_.copy()}

    def _notify(
        self,
        hook: Callable[..., bool],
        reconstruction_attributes: Callable[[], dict[str, Any]] | None = None,
    ) -> bool:
        if self._disconnected:
            return False
        try:
            return hook(**self._hook_kwargs, reconstruction_attributes=reconstruction_attributes)
        except Exception as error:
            if not _is_connection_error(error):
                raise
            # scikit-learn's callbacks report to a socket on the machine where they were set.
            # A worker on another machine can train without them.
            self._disconnected = True
            warnings.warn(
                f"A callback of {type(self._estimator).__name__} cannot reach the process that it "
                f"reports to ({type(error).__name__}: {error}), which is probably on another "
                "machine. Training continues without callbacks.",
                CallbackConnectionWarning,
                stacklevel=2,
            )
            return False


def _is_connection_error(error: BaseException) -> bool:
    """Return whether the error was raised by a connection to another process."""
    kinds = (OSError, EOFError, multiprocessing.AuthenticationError)
    frames = traceback.walk_tb(error.__traceback__)
    return isinstance(error, kinds) and any(
        frame.f_globals.get("__name__") == multiprocessing.connection.__name__
        for frame, _ in frames
    )
