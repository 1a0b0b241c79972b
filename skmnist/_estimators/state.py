"""A fitted classifier as plain state, and back; and the methods that keep it in a file."""

from collections import Counter

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch.overrides import TorchFunctionMode

from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist._training.optimizers import as_torchs, needs_closure
from skmnist._utils.device import default_device_cpu, resolve_device
from skmnist.exceptions import ModelFileError

from .net_builder import make_net
from .parameters import check_parameters
from .state_schema import FITTED, is_finite, set_fitted

# What the state of a classifier consists of.
_ENTRIES = (
    "class",
    "params",
    "module",
    "built_from",
    "trained_with",
    "fitted",
    "history",
    "weights",
    "optimizer",
)

# Parameters that hold code and that nothing needs for predicting.
_CODE = ("augment", "callbacks")

# Parameters that count for further training as they were in the last, until that compares them.
_TRAINING = ("loss", "lr", "optimizer", "momentum", "nesterov", "weight_decay")


class SerializationMixin:
    """`save` and `load` of a classifier with a `net_`."""

    def save(self, path, *, optimizer_state=True):
        """Write the fitted classifier to one file of numbers and text, see :func:`skmnist.save`.

        Parameters
        ----------
        path : str or path
        optimizer_state : bool, default=True
            Whether to keep what the optimizer remembers, with which training goes on as if there
            had been no file. Without it the file is about a third as large for Adam.
        """
        write_model_file(path, get_state(self, optimizer_state=optimizer_state))

    @classmethod
    def load(cls, path, *, module=None, device=None):
        """Return the classifier that :meth:`save` wrote, see :func:`skmnist.load`.

        Parameters
        ----------
        path : str or path
        module : torch.nn.Module, class or function, default=None
            For a :class:`TorchClassifier` with a module of your own: that module.
        device : str, default=None
            In place of the parameter `device` in the file.

        Returns
        -------
        object of this class

        Raises
        ------
        ModelFileError
            Where the file is damaged, holds something else or makes no sense.
        """
        state = read_model_file(path)
        name = state.get("class")
        if name != cls.__name__:
            raise ModelFileError(
                f"{path} holds a {name!r:.100}, not a {cls.__name__}. Use skmnist.load(path)."
            )
        with reraise_as_model_error(path):
            return from_state(cls, state, module=module, device=device)


def get_state(estimator, *, optimizer_state=True):
    """Return all that a fitted classifier is as plain values, arrays and tensors.

    Raises
    ------
    ValueError, TypeError
        Where a parameter holds code, which a file can't keep.
    """
    check_is_fitted(estimator)
    check_parameters(estimator)
    net, params = estimator.net_, estimator.get_params(deep=False)
    del params["checkpoint_dir"]  # a folder of one machine, which nobody else's fit shall write to
    _refuse_code(estimator, params)
    built_from, module = dict(estimator._fitted_architecture), None
    if estimator._custom_module:
        module = params.pop("module")
        if built_from.pop("module") is not module:
            raise ValueError("module was changed after the fit: call fit, and then save.")
        module = getattr(module, "__name__", type(module).__name__)
    training = training_state(net)
    now, _ = estimator._optimizer(torch.device(net.device))
    if not optimizer_state or net.optimizer is not now:
        training["optimizer"] = None  # the next training wouldn't use it
    fitted = {name: vars(estimator)[name] for name in FITTED if name in vars(estimator)}
    return {
        "class": type(estimator).__name__,
        "params": params,
        "module": module,
        "built_from": built_from,
        "trained_with": _trained_with(net, params),
        "fitted": fitted,
        **training,
    }


@default_device_cpu()
def from_state(cls, state, *, module=None, device=None):
    """Return the classifier of the class `cls` that :func:`get_state` took apart.

    Parameters
    ----------
    cls : type
    state : dict
        Not to be trusted: it may come from anybody.
    module, device
        As for :meth:`SerializationMixin.load`.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError
        Where the state makes no sense.
    """
    if set(state) != set(_ENTRIES):
        raise ValueError(f"its entries are {sorted(state)}; {sorted(_ENTRIES)} are wanted")
    params, built_from = dict(state["params"]), dict(state["built_from"])
    if "checkpoint_dir" in {*params, *built_from}:
        raise ValueError("it names a folder to write to")
    if device is not None:
        params["device"] = device
    if (module is None) != (state["module"] is None):
        raise ModelFileError(_wrong_module(cls, state["module"]))
    if module is not None:
        params["module"] = built_from["module"] = module

    # The net is made with the parameters that it was trained with; some may have changed since.
    if not set(state["trained_with"]) <= set(_TRAINING):
        raise ValueError(f"it was trained with {sorted(state['trained_with'])}")
    estimator = cls(**{**params, **built_from, **state["trained_with"]})
    check_parameters(estimator)
    _check_lengths(built_from, n_tensors=len(state["weights"]))
    if not {*cls._architecture_params, "precision"} <= set(built_from):
        raise ValueError("it doesn't say what its network was built from")
    set_fitted(estimator, state["fitted"])
    estimator._resolve_architecture()
    if module is None:
        _check_weights(_module_without_memory(estimator, len(state["weights"])), state["weights"])
    net = make_net(estimator, resolve_device(estimator.device))
    estimator.net_, estimator._fitted_architecture = net, built_from
    restore_training(net, state)
    for name, value in params.items():
        setattr(estimator, name, value)
    check_parameters(estimator)
    return estimator


def training_state(net):
    """Return what the training of `net` came to: history, weights and the optimizer's memory."""
    weights = dict(net.module_.state_dict())
    _check_weights(net.module_, weights)
    return {
        "history": _columns(net.history),
        "weights": weights,
        "optimizer": {
            "lr": [float(group["lr"]) for group in net.optimizer_.param_groups],
            "state": net.optimizer_.state_dict()["state"],
        },
    }


def restore_training(net, state):
    """Give a new net what :func:`training_state` returned; errors as for :func:`from_state`."""
    _check_weights(net.module_, state["weights"])
    _restore_history(net.history, state["history"])
    if state["optimizer"] is not None:
        _restore_optimizer(net, state["optimizer"])
    net.module_.load_state_dict(state["weights"])
    net.module_.eval()


# -- parameters ------------------------------------------------------------------------------


def _refuse_code(estimator, params):
    for name in _CODE:
        value = params.get(name)
        if value is not None and not isinstance(value, str) and value != []:
            raise TypeError(
                f"{name}={value!r} is code, which a model file doesn't hold. Predicting doesn't "
                f"need it: save after set_params({name}=None), and set it again before you train "
                "further."
            )


def _trained_with(net, params):
    """Return the parameters of the last training that may have been changed since."""
    # The net doesn't know of later changes of its optimizer's settings; of `lr` it does.
    used = net.optimizer_.param_groups[0] | {
        "loss": net.recipe.loss,
        "lr": net.lr,
        "optimizer": as_torchs(net.optimizer),
    }
    return {name: used[name] for name in _TRAINING if name in used and name in params}


def _check_lengths(built_from, n_tensors):
    # No layer goes without a tensor; planning a million of them would take long.
    for name, value in built_from.items():
        if isinstance(value, (tuple, list)) and len(value) > 10 + n_tensors:
            raise ValueError(f"{name} has {len(value)} entries, but there are {n_tensors} tensors")


def _wrong_module(cls, name):
    if name is None:
        return f"The file needs no module: its {cls.__name__} describes its own. Leave module out."
    return (
        f"The file holds the weights of a module of your own, {name!r:.100}, but no code: pass the "
        "module that the classifier had, as load(path, module=...)."
    )


# -- the history -----------------------------------------------------------------------------


def _columns(history):
    """Return skorch's history column by column, as arrays; a column may lack some rows."""
    names = dict.fromkeys(name for row in history for name in row if name != "batches")
    columns = {}
    for name in names:
        rows = [i for i, row in enumerate(history) if name in row]
        values = [history[i][name] for i in rows]
        kinds = Counter(map(type, values))
        if len(kinds) > 1 or not kinds.keys() <= {bool, int, float}:
            raise TypeError(f"The history's column {name!r} holds more than numbers of one kind.")
        everywhere = len(rows) == len(history)
        columns[name] = {"rows": None if everywhere else rows, "values": np.array(values)}
    return columns


def _restore_history(history, columns):
    n_rows = len(columns["epoch"]["values"]) if columns else 0
    if columns and not np.array_equal(columns["epoch"]["values"], np.arange(1, n_rows + 1)):
        raise ValueError("the epochs of its history are not 1, 2, 3 and so on")
    for name in ("epoch", "train_loss", "lr", "dur") if columns else ():
        if columns[name]["rows"] is not None:
            raise ValueError(f"its history has no {name} for some epochs")
    history.extend({"batches": []} for _ in range(n_rows))
    for name, column in columns.items():
        rows = range(n_rows) if column["rows"] is None else column["rows"]
        values = column["values"]
        if values.dtype.kind not in "bif" or not set(rows) <= set(range(n_rows)):
            raise ValueError(f"what its history has as {name} is not a number for each of its rows")
        for row, value in zip(rows, values.tolist(), strict=True):
            history[row][name] = value


# -- weights ---------------------------------------------------------------------------------


class _WithoutMemory(TorchFunctionMode):
    """Let modules be built without memory for their weights, and of few layers only."""

    def __init__(self, most_calls):
        super().__init__()
        self.calls_left = most_calls

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls_left -= 1
        if self.calls_left < 0:
            raise ValueError("it describes more layers than it has weights for")
        kwargs = dict(kwargs or {})
        if "device" in kwargs:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _module_without_memory(estimator, n_tensors):
    """Return the network that the parameters ask for, without its weights.

    So a file that claims a network of a terabyte is found out before that is built.
    """
    with _WithoutMemory(100 * (n_tensors + 10)), torch.device("meta"):
        return estimator._build_module(len(estimator.classes_), None).to(estimator._dtype)


def _check_weights(module, weights):
    expected = module.state_dict()
    odd = sorted(expected.keys() ^ weights.keys())
    if odd:
        raise ValueError(f"the weights {str(odd):.100} are in the file or in the network, not both")
    trained = dict(module.named_parameters()).keys()
    for name, tensor in expected.items():
        came = weights[name]
        if (came.shape, came.dtype) != (tensor.shape, tensor.dtype):
            raise ValueError(
                f"the weights {name!r} are {came.dtype} of shape {tuple(came.shape)}, but the "
                f"network has {tensor.dtype} of shape {tuple(tensor.shape)}"
            )
        variance = name.endswith("running_var")  # of batch normalisation; other buffers are free
        sound = name not in trained and not variance or came.isfinite().all()
        if not sound or (variance and came.min() < 0):
            raise ValueError(f"the weights {name!r} are not numbers that training could give")


# -- the optimizer ---------------------------------------------------------------------------


def _restore_optimizer(net, saved):
    """Give the net's optimizer back what it remembered; the weights are written over after it."""
    optimizer = net.optimizer_
    for group, lr in zip(optimizer.param_groups, saved["lr"], strict=True):
        if not is_finite(lr) or lr < 0:
            raise ValueError(f"its optimizer has a learning rate of {lr!r:.100}")
        group["lr"] = lr
    state = dict(saved["state"])
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if not all(type(i) is int and 0 <= i < len(parameters) for i in state):
        raise ValueError(f"its optimizer remembers parameters of which there are none: {[*state]}")
    if needs_closure(optimizer):  # its state is not one of each parameter's shape
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
        return
    if not state:
        return
    # A step makes memory in the layout that the optimizer's kernels want, for what is to be there.
    for i in state:
        parameters[i].grad = torch.zeros_like(parameters[i])
    optimizer.step()
    for i, entries in state.items():
        p = parameters[i]
        optimizer.state[p] = _fill(optimizer.state[p], entries, p)
        p.grad = None


def _fill(fresh, saved, parameter):
    """Return `saved` in the memory of `fresh`, the state of one parameter after a step."""
    if not fresh.keys() <= saved.keys():
        raise ValueError(f"its optimizer remembers {sorted(saved)} instead of {sorted(fresh)}")
    filled = {}
    for name, value in saved.items():
        # What an earlier setting left behind (momentum, say) is like the parameter.
        place = fresh.get(name, parameter.detach().clone())
        if type(value) is not type(place):
            raise ValueError(f"its optimizer remembers {name}={value!r:.100}")
        if torch.is_tensor(value):
            fits = (value.shape, value.dtype) == (place.shape, place.dtype)
            if not fits or value.isnan().any():
                raise ValueError(f"what its optimizer remembers as {name} doesn't fit its network")
            value = place.copy_(value)
        filled[name] = value
    return filled
