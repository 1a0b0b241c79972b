"""Checkpoints of a fit, from which another process can resume it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout

from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist._training.schedules import NEEDS_MAX_EPOCHS
from skmnist._utils.warnings import warn_caller
from skmnist.exceptions import CheckpointError, ModelFileError

from .layer_params import as_tuple
from .training_state import get_training_state, restore_training_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from skmnist._training.early_stopping import EarlyStopping
    from skmnist._training.image_dataset import ImageDataset
    from skmnist._training.net import Net

    from .net_classifier import BaseNetClassifier

_MAX_TO_KEEP = 2  # the latest, and the one before it in case the latest is damaged
_FILE_NAME = re.compile(r"epoch-(\d{6,})\.safetensors")

# Parameters that may differ from those of the checkpoint, because they do not change the result
# (apart from rounding). `max_epochs` is checked separately.
_IGNORED_PARAMS = {
    "callbacks",
    "checkpoint_dir",
    "deterministic",
    "device",
    "max_epochs",
    "n_threads",
    "test_time_augment",
    "verbose",
}


class CheckpointTarget(NamedTuple):
    """Where the checkpoints of a fit are, and when they are written.

    Attributes
    ----------
    folder : Path
        The folder of the checkpoints.
    resume : bool
        Whether to continue from the latest checkpoint.
    every_epoch : bool, default=True
        Whether to write a checkpoint after each epoch, or only after the last one.
    """

    folder: Path
    resume: bool
    every_epoch: bool = True


@contextlib.contextmanager
def open_checkpoints(estimator: BaseNetClassifier, resume: bool) -> Iterator[Checkpoints | None]:
    """Yield the :class:`Checkpoints` of a fit, or None if it has no folder for them.

    The folder is that of a search (see ``_checkpoint_in``) or `checkpoint_dir`. It is locked
    inside the block.

    Raises
    ------
    ValueError
        If parameters contradict each other.
    CheckpointError
        If another fit is using the folder, or all checkpoints are damaged.
    OSError
        If the folder cannot be created or written to.
    """
    target = getattr(estimator, "_checkpoint_target", None) or _own_target(estimator, resume)
    if target is None:
        yield None
        return
    target.folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(target.folder, "fit"):
        yield Checkpoints(target)


def _own_target(estimator: BaseNetClassifier, resume: bool) -> CheckpointTarget | None:
    """Return the target that `checkpoint_dir` names, or None."""
    checkpoint_dir = estimator.checkpoint_dir
    if checkpoint_dir is None:
        if resume:
            raise ValueError(
                "resume=True requires checkpoint_dir, which is None. Set it to the folder of the "
                "checkpoints, in the first fit as well."
            )
        return None
    if estimator.warm_start:
        raise ValueError(
            "checkpoint_dir cannot be combined with warm_start=True. To train for more epochs, "
            "increase max_epochs and call fit with resume=True."
        )
    folder = Path(checkpoint_dir).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"checkpoint_dir must be a folder. Got the file {checkpoint_dir!r} instead."
        )
    return CheckpointTarget(folder, resume)


@contextlib.contextmanager
def lock_folder(folder: Path, owner: str) -> Iterator[None]:
    """Lock a folder inside the block, so that no other `owner` ("fit" or "search") writes to it.

    The operating system releases the lock of a process that is killed.

    Raises
    ------
    CheckpointError
        If another process or thread has locked the folder.
    """
    try:
        lock = FileLock(folder / ".lock").acquire(blocking=False)
    except Timeout:
        hint = ", and None inside a search or cross-validation" if owner == "fit" else ""
        raise CheckpointError(
            f"Another {owner} is writing its checkpoints to {folder}. Use a separate "
            f"checkpoint_dir for each {owner}{hint}."
        ) from None
    with lock:
        yield


def has_checkpoints(folder: Path) -> bool:
    """Return whether the folder contains checkpoints."""
    return any(_FILE_NAME.fullmatch(path.name) for path in folder.glob("epoch-*"))


class Checkpoints:
    """The checkpoints of one fit.

    Parameters
    ----------
    target : CheckpointTarget
        A folder that no other fit uses. With ``resume=True``, the fit continues from the latest
        undamaged checkpoint. Otherwise existing checkpoints are deleted when the first new one is
        written.
    """

    def __init__(self, target: CheckpointTarget) -> None:
        self.folder, self._every_epoch = target.folder, target.every_epoch
        for stale in self.folder.glob(".epoch-*.tmp"):  # from a process that was killed
            stale.unlink()
        self._path: Path | None = None
        self._saved: dict[str, Any] | None = None
        if target.resume:
            self._load_newest()
        self._replaces = self._saved is None  # existing checkpoints

    def seed(self, new_seed: int) -> int:
        """Return the seed in the checkpoint, or `new_seed` if there is no checkpoint."""
        return new_seed if self._saved is None else self._saved["seed"]

    def restore(
        self,
        estimator: BaseNetClassifier,
        net: Net,
        early_stopping: EarlyStopping | None,
        train: ImageDataset,
        valid: ImageDataset | None,
    ) -> None:
        """Restore a new net and its early stopping from the checkpoint, if there is one.

        Parameters
        ----------
        estimator : BaseNetClassifier
        net : Net
        early_stopping : EarlyStopping or None
        train, valid : ImageDataset
            The training set, and the validation set or None.

        Raises
        ------
        CheckpointError
            If the checkpoint was made with different parameters or data.
        """
        self._training: dict[str, Any] = {
            "class": type(estimator).__name__,
            "params": {
                name: stable_repr(value)
                for name, value in estimator.get_params(deep=False).items()
                if name not in _IGNORED_PARAMS
            },
            "data": _data_digests(train, valid, estimator.classes_),
        }
        self._seed, self._max_epochs = estimator._seed, int(estimator.max_epochs)
        saved, path = self._saved, self._path
        if saved is None or path is None:
            return
        self._check_compatible(saved["training"])
        n_epochs = len(saved["history"]["epoch"]["values"])
        self._check_max_epochs(saved["max_epochs"], n_epochs, estimator.lr_schedule)
        with reraise_as_model_error(path):
            restore_training_state(net, saved)
            if early_stopping is not None:
                early_stopping.set_state(saved["early_stopping"])
        if estimator.callbacks:
            warn_caller(
                f"The callbacks start from their initial state after epoch {n_epochs}, because "
                "checkpoints do not contain the state of callbacks."
            )

    def write(self, net: Net, early_stopping: EarlyStopping | None) -> None:
        """Write a checkpoint if this epoch has one, and remove all but the last two."""
        stops = early_stopping is not None and early_stopping.should_stop
        if not (self._every_epoch or stops or len(net.history) == self._max_epochs):
            return
        checkpoint = {
            "training": self._training,
            "seed": self._seed,
            "max_epochs": self._max_epochs,
            "early_stopping": None if early_stopping is None else early_stopping.get_state(),
            **get_training_state(net),
        }
        if self._replaces:
            for old in self._paths():
                old.unlink()
            self._replaces = False
        path = self.folder / f"epoch-{len(net.history):06d}.safetensors"
        # The only checkpoint of a fit is for the same program, so it need not survive a crash.
        write_model_file(path, {"checkpoint": checkpoint}, sync=self._every_epoch)
        for old in self._paths()[:-_MAX_TO_KEEP]:
            old.unlink()

    def _paths(self) -> list[Path]:
        """Return the paths of the checkpoints, sorted by epoch."""
        epochs = {}
        for path in self.folder.iterdir():
            match = _FILE_NAME.fullmatch(path.name)
            if match:
                epochs[path] = int(match[1])
        return sorted(epochs, key=lambda path: epochs[path])

    def _load_newest(self) -> None:
        """Load the latest undamaged checkpoint, if there is any checkpoint."""
        errors: list[ModelFileError] = []
        for path in reversed(self._paths()):
            try:
                saved = read_model_file(path).get("checkpoint")
                if saved is None:
                    raise ModelFileError(f"{path} is a saved model, not a checkpoint.")
            except ModelFileError as error:
                errors.append(error)
                continue
            if errors:
                warn_caller(
                    f"The fit continues from {path}, because the latest checkpoint cannot be used: "
                    f"{errors[0]}"
                )
            self._path, self._saved = path, saved
            return
        if errors:
            raise CheckpointError(
                f"All checkpoints are damaged: {errors[0]} To start from scratch and replace the "
                "checkpoints, call fit without resume=True."
            ) from errors[0]

    def _check_compatible(self, saved: dict[str, Any]) -> None:
        """Check that the checkpoint was made with the same class, parameters and data."""
        current, differences = self._training, []
        if saved["class"] != current["class"]:
            differences.append(f"it was made by {saved['class']}, not {current['class']}")
        else:
            for name in {**saved["params"], **current["params"]}:
                old, new = (t["params"].get(name, "unknown") for t in (saved, current))
                if old != new:
                    differences.append(f"{name} was {old:.100} and is {new:.100}")
            for name in {**saved["data"], **current["data"]}:
                if saved["data"].get(name) != current["data"].get(name):
                    differences.append(f"{name} differs")
                    break  # the following digests depend on this one
        if differences:
            raise self._incompatible_error(", ".join(differences))

    def _check_max_epochs(
        self, saved_max_epochs: int, n_epochs: int, lr_schedule: str | None
    ) -> None:
        max_epochs = self._max_epochs
        if lr_schedule in NEEDS_MAX_EPOCHS and max_epochs != saved_max_epochs:
            raise self._incompatible_error(
                f"max_epochs was {saved_max_epochs} and is {max_epochs}, but the learning rates of "
                f"lr_schedule={lr_schedule!r} depend on it"
            )
        if max_epochs < n_epochs:
            raise self._incompatible_error(
                f"it was made after {n_epochs} epochs, more than max_epochs={max_epochs}"
            )

    def _incompatible_error(self, reason: str) -> CheckpointError:
        return CheckpointError(
            f"The checkpoint {self._path} belongs to a different training run: {reason}. Use the "
            "original settings to resume it, choose another checkpoint_dir, or fit without "
            "resume=True to overwrite it."
        )


def stable_repr(value: Any) -> str:
    """Return a string for the value of a parameter that is the same in every process."""
    value = as_tuple(value)
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        return repr(float(value)).removesuffix(".0")
    if isinstance(value, tuple):
        return f"({', '.join(map(stable_repr, value))})"
    if isinstance(value, dict):
        pairs = (f"{stable_repr(k)}: {stable_repr(v)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    text = repr(value)
    if " at 0x" in text or isinstance(value, type):  # a function, or an object without a repr
        named = value if hasattr(value, "__qualname__") else type(value)
        return f"{named.__module__}.{named.__qualname__}"
    return text


def _data_digests(
    train: ImageDataset, valid: ImageDataset | None, classes: np.ndarray
) -> dict[str, str]:
    """Return a digest of each argument of `fit` that affects training."""
    digests = {"X": _digest(train.array), "y": _digest(train.labels, repr(classes.tolist()))}
    digests["sample_weight"] = _digest(train.indices.numpy(), _to_numpy(train.sample_weight))
    if valid is not None:
        pixels = None if valid.array is train.array else valid.array
        digests["X_val or y_val"] = _digest(pixels, valid.labels, valid.indices.numpy())
    return digests


def _to_numpy(tensor: torch.Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.cpu().numpy()


def _digest(*parts: np.ndarray | str | None) -> str:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str} {part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data if part.size else b"")
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()
