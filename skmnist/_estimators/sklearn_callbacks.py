"""scikit-learn's callbacks (from 1.9 on): what a fit tells them, and when.

A fit is a task, and in it each epoch is one. An older scikit-learn has no callbacks; the method
``set_callbacks`` is absent then, and there is nobody to tell.
"""

import multiprocessing
import multiprocessing.connection
import traceback
import warnings

from skmnist.exceptions import CallbackConnectionWarning

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """Stands in for scikit-learn's, and has nothing."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class SklearnCallbacksMixin(CallbackSupportMixin):
    """An estimator whose fits tell scikit-learn's callbacks of each epoch."""

    def _begin_callback_tasks(self, X, y, sample_weight):
        """Tell that a fit begins; return what to tell the rest through, None if nobody listens."""
        if not hasattr(self, "_init_callback_context"):
            return None
        context = self._init_callback_context(max_subtasks=self.max_epochs)
        if not hasattr(self, "_skl_callbacks"):
            return None
        return CallbackTasks(self, context, X, y, sample_weight)


class CallbackTasks:
    """The tasks of one fit: the fit, which begins here, and its epochs.

    Parameters
    ----------
    estimator : estimator
    context : sklearn.callback.CallbackContext
        That of the fit.
    X, y, sample_weight
        As the user passed them.
    """

    def __init__(self, estimator, context, X, y, sample_weight):
        self._estimator = estimator
        self._context = context
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._about = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._lost = False
        self._tell(context.call_on_fit_task_begin)

    def begin_epoch(self):
        """Tell that an epoch begins."""
        self._epoch = self._context.subcontext(task_name="epoch")
        self._tell(self._epoch.call_on_fit_task_begin, self._as_it_is_now)

    def end_epoch(self):
        """Tell that the epoch is over; return whether a callback wants no more of them."""
        return self._tell(self._epoch.call_on_fit_task_end, self._as_it_is_now)

    def end(self):
        """Tell that the fit is over."""
        self._tell(self._context.call_on_fit_task_end, self._as_it_is_now)

    def _as_it_is_now(self):
        # Called only where a callback asks for a fitted estimator.
        return {"net_": self._estimator.net_.snapshot()}

    def _tell(self, hook, reconstruction_attributes=None):
        if self._lost:
            return False
        try:
            return hook(**self._about, reconstruction_attributes=reconstruction_attributes)
        except Exception as error:
            if not _is_lost_connection(error):
                raise
            # scikit-learn's callbacks signal through a socket of the machine that they were set
            # on; a worker elsewhere can train all the same.
            self._lost = True
            warnings.warn(
                f"A callback of {type(self._estimator).__name__} can't reach the process that it "
                f"reports to ({type(error).__name__}: {error}); it is probably on another machine. "
                "The training goes on, but its callbacks hear no more of it.",
                CallbackConnectionWarning,
                stacklevel=2,
            )
            return False


def _is_lost_connection(error):
    """Whether an error comes from a connection to another process, and not from a callback."""
    kinds = (OSError, EOFError, multiprocessing.AuthenticationError)
    frames = traceback.walk_tb(error.__traceback__)
    return isinstance(error, kinds) and any(
        frame.f_globals.get("__name__") == multiprocessing.connection.__name__
        for frame, _ in frames
    )
