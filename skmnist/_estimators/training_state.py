"""Training state of a net: its history, weights and optimizer state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from skmnist._training.optimizers import needs_closure

from .state_schema import is_finite

if TYPE_CHECKING:
    from torch import nn

    from skmnist._training.net import Net


def get_training_state(net: Net) -> dict[str, Any]:
    """Return the history, the weights and the optimizer state of `net`."""
    weights = dict(net.module_.state_dict())
    check_weights(net.module_, weights)
    loss_scale = net.get_loss_scale_state()
    return {
        "history": _history_to_columns(net.history),
        "weights": weights,
        "optimizer": {
            "lr": [float(group["lr"]) for group in net.optimizer_.param_groups],
            "state": net.optimizer_.state_dict()["state"],
            **({} if loss_scale is None else {"loss_scale": loss_scale}),
        },
        "average": net.get_average_state(),
    }


def restore_training_state(net: Net, state: dict[str, Any]) -> None:
    """Restore the state that :func:`get_training_state` returned in a new net.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError
        If the state is invalid.
    """
    check_weights(net.module_, state["weights"])
    _restore_history(net.history, state["history"])
    if state["optimizer"] is not None:
        _restore_optimizer(net, state["optimizer"])
    net.module_.load_state_dict(state["weights"])
    net.module_.eval()
    if net.average_ is not None:
        net.start_average()  # from the restored weights
        net.set_average_state(state["average"])


# -- the history -----------------------------------------------------------------------------


def _history_to_columns(history: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Convert skorch's history to columns.

    A column consists of its values and the indices of their epochs (None: all epochs).
    """
    names = dict.fromkeys(name for row in history for name in row if name != "batches")
    columns = {}
    for name in names:
        index = [i for i, row in enumerate(history) if name in row]
        values = [history[i][name] for i in index]
        kinds = Counter(map(type, values))
        if len(kinds) > 1 or not kinds.keys() <= {bool, int, float}:
            raise TypeError(
                f"The column {name!r} of the history must contain numbers of a single type."
            )
        is_complete = len(index) == len(history)
        columns[name] = {"index": None if is_complete else index, "values": np.array(values)}
    return columns


def _restore_history(history: list[dict[str, Any]], columns: dict[str, dict[str, Any]]) -> None:
    n_epochs = len(columns["epoch"]["values"]) if columns else 0
    if columns and not np.array_equal(columns["epoch"]["values"], np.arange(1, n_epochs + 1)):
        raise ValueError("the epochs in its history are not 1, 2, 3, ...")
    for name in ("epoch", "train_loss", "lr", "dur") if columns else ():
        if columns[name]["index"] is not None:
            raise ValueError(f"its history lacks {name} for some epochs")
    history.extend({"batches": []} for _ in range(n_epochs))
    for name, column in columns.items():
        index = range(n_epochs) if column["index"] is None else column["index"]
        values = column["values"]
        if values.dtype.kind not in "bif" or not set(index) <= set(range(n_epochs)):
            raise ValueError(f"the values of {name} in its history are not one number per epoch")
        for i, value in zip(index, values.tolist(), strict=True):
            history[i][name] = value


# -- the weights -----------------------------------------------------------------------------


def check_weights(module: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Check that `weights` is a valid state dict of `module`, with finite parameters."""
    expected = module.state_dict()
    unmatched = sorted(expected.keys() ^ weights.keys())
    if unmatched:
        raise ValueError(
            f"its weights do not match the network: only one of them has {str(unmatched):.100}"
        )
    parameters = dict(module.named_parameters()).keys()
    for name, tensor in expected.items():
        got = weights[name]
        if (got.shape, got.dtype) != (tensor.shape, tensor.dtype):
            raise ValueError(
                f"the weights {name!r} are {got.dtype} of shape {tuple(got.shape)}, but the "
                f"network has {tensor.dtype} of shape {tuple(tensor.shape)}"
            )
        is_variance = name.endswith("running_var")  # of batch normalization
        # Other buffers may have any values.
        is_valid = (name not in parameters and not is_variance) or got.isfinite().all()
        if not is_valid or (is_variance and got.min() < 0):
            raise ValueError(f"the weights {name!r} contain infinite, NaN or invalid values")


# -- the optimizer ---------------------------------------------------------------------------


def _restore_optimizer(net: Net, saved: dict[str, Any]) -> None:
    """Restore the optimizer state. This changes the weights, so restore them afterwards."""
    optimizer = net.optimizer_
    for group, lr in zip(optimizer.param_groups, saved["lr"], strict=True):
        if not is_finite(lr) or lr < 0:
            raise ValueError(f"the learning rate of its optimizer is {lr!r:.100}")
        group["lr"] = lr
    net.set_loss_scale_state(saved.get("loss_scale"))
    state = dict(saved["state"])
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if not all(type(i) is int and 0 <= i < len(parameters) for i in state):
        raise ValueError(
            f"its optimizer state has entries for parameters that do not exist: {[*state]}"
        )
    if needs_closure(optimizer):  # its state does not have one entry per parameter
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
        return
    if not state:
        return
    # A step allocates the state in the memory layout that the optimizer's kernels expect.
    for i in state:
        parameters[i].grad = torch.zeros_like(parameters[i])
    optimizer.step()
    for i, entries in state.items():
        p = parameters[i]
        optimizer.state[p] = _copy_into(optimizer.state[p], entries, p)
        p.grad = None


def _copy_into(
    allocated: dict[str, Any], saved: dict[str, Any], parameter: torch.Tensor
) -> dict[str, Any]:
    """Copy the saved state of one parameter into the state that a step allocated."""
    if not allocated.keys() <= saved.keys():
        raise ValueError(f"its optimizer state has {sorted(saved)} instead of {sorted(allocated)}")
    copied = {}
    for name, value in saved.items():
        # Entries from earlier settings, such as momentum, have the shape of the parameter.
        target = allocated.get(name, parameter.detach().clone())
        if type(value) is not type(target):
            raise ValueError(f"its optimizer state has {name}={value!r:.100}")
        if torch.is_tensor(value):
            matches = (value.shape, value.dtype) == (target.shape, target.dtype)
            if not matches or value.isnan().any():
                raise ValueError(f"{name} in its optimizer state does not match the network")
            value = target.copy_(value)
        copied[name] = value
    return copied
