"""Checkpoints: the training of one fit in a folder, from which another process can go on."""

import contextlib
import hashlib
import re
import warnings
from numbers import Real
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist._training.schedules import OF_ALL_EPOCHS
from skmnist.exceptions import CheckpointError, ModelFileError

from .state import restore_training, training_state

_KEPT = 2  # the last, and the one before it in case that one is damaged
_NAME = re.compile(r"epoch-(\d{6,})\.safetensors")

# Parameters that may differ from those of the checkpoint: they don't change what is learnt, or
# no more than its last bits. `max_epochs` has a rule of its own.
_FREE = {"callbacks", "checkpoint_dir", "deterministic", "device", "max_epochs"}
_FREE |= {"n_threads", "verbose"}


@contextlib.contextmanager
def open_checkpoints(estimator, resume):
    """Yield the :class:`Checkpoints` of one fit, or None where `checkpoint_dir` is None.

    No other fit can open the folder until the block ends. The operating system ends that with
    the process, too: what a killed process leaves is in nobody's way.

    Raises
    ------
    ValueError
        Where parameters contradict each other.
    CheckpointError
        Where another fit is using the folder, or no checkpoint can be read.
    OSError
        Where the folder can't be made or written to.
    """
    given = estimator.checkpoint_dir
    if given is None:
        if resume:
            raise ValueError(
                "resume=True goes on from the checkpoints in checkpoint_dir, which is None. Set "
                "checkpoint_dir to their folder, for the fit that may be broken off, too."
            )
        yield None
        return
    if estimator.warm_start:
        raise ValueError(
            "checkpoint_dir keeps the training of one fit, so it can't be used with "
            "warm_start=True. To train longer, raise max_epochs and call fit with resume=True."
        )
    folder = Path(given).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"checkpoint_dir={given!r} is a file. Pass the name of a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(folder / ".lock").acquire(blocking=False)
    except Timeout:
        raise CheckpointError(
            f"Another fit is writing its checkpoints to {folder}. Give each training a "
            "checkpoint_dir of its own; inside of a search or a cross-validation, whose fits "
            "would share it, leave it None."
        ) from None
    with lock:
        yield Checkpoints(folder, resume)


class Checkpoints:
    """The checkpoints in a folder that no other fit uses.

    Parameters
    ----------
    folder : Path
    resume : bool
        Whether to go on from the newest that is sound. Otherwise what is there is left until
        the first of the new ones comes.
    """

    def __init__(self, folder, resume):
        self.folder = folder
        for stray in folder.glob(".epoch-*.tmp"):  # of a writer that was killed
            stray.unlink()
        self._path, self._saved = self._newest() if resume else (None, None)
        self._replaces = self._saved is None  # the checkpoints of an earlier training

    def seed(self, drawn):
        """Return the seed of the training that goes on, or else the one that was drawn."""
        return drawn if self._saved is None else self._saved["seed"]

    def begin(self, estimator, net, stopping, images, valid):
        """Give a new net and its early stopping what the checkpoint holds, if there is one.

        Parameters
        ----------
        estimator : BaseNetClassifier
        net : Net
        stopping : EarlyStop or None
        images, valid : Images
            The rows to train on and those to watch it with; the latter may be None.

        Raises
        ------
        CheckpointError
            Where it is a checkpoint of other parameters or other data.
        """
        self._training = {
            "class": type(estimator).__name__,
            "parameters": {
                name: _in_words(value)
                for name, value in estimator.get_params(deep=False).items()
                if name not in _FREE
            },
            "data": _digests(images, valid, estimator.classes_),
        }
        self._seed, self._max_epochs = estimator._seed, int(estimator.max_epochs)
        if self._saved is None:
            return
        saved = self._saved
        self._refuse_others(saved["training"])
        n_epochs = len(saved["history"]["epoch"]["values"])
        self._check_length(saved["max_epochs"], n_epochs, estimator.lr_schedule)
        with reraise_as_model_error(self._path):
            restore_training(net, saved)
            if stopping is not None:
                stopping.set_state(saved["stopping"])
        if estimator.callbacks:
            warnings.warn(
                f"callbacks begin anew after epoch {n_epochs}: a checkpoint doesn't hold what "
                "they remember.",
                stacklevel=6,  # the caller of fit, which scikit-learn wraps
            )

    def write(self, net, stopping):
        """Write a checkpoint; the last two stay."""
        state = {
            "training": self._training,
            "seed": self._seed,
            "max_epochs": self._max_epochs,
            "stopping": None if stopping is None else stopping.get_state(),
            **training_state(net),
        }
        if self._replaces:
            for old in self._paths():
                old.unlink()
            self._replaces = False
        path = self.folder / f"epoch-{len(net.history):06d}.safetensors"
        write_model_file(path, {"checkpoint": state})
        for old in self._paths()[:-_KEPT]:
            old.unlink()

    def _paths(self):
        paths = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(paths, key=lambda path: int(_NAME.fullmatch(path.name)[1]))

    def _newest(self):
        """Return the newest checkpoint that is as it was written: its path and what it holds."""
        damaged = []
        for path in reversed(self._paths()):
            try:
                saved = read_model_file(path).get("checkpoint")
                if saved is None:
                    raise ModelFileError(f"{path} is a saved model, not a checkpoint.")
            except ModelFileError as error:
                damaged.append(error)
                continue
            if damaged:
                warnings.warn(
                    f"fit goes on from {path}, because the newest checkpoint can't be used: "
                    f"{damaged[0]}",
                    stacklevel=7,  # the caller of fit
                )
            return path, saved
        if damaged:
            raise CheckpointError(
                f"There is no sound checkpoint to go on from: {damaged[0]} Or start anew, by fit "
                "without resume=True, which replaces the checkpoints."
            ) from damaged[0]
        return None, None

    def _refuse_others(self, saved):
        now, found = self._training, []
        if saved["class"] != now["class"]:
            found.append(f"it is that of a {saved['class']}, not of a {now['class']}")
        else:
            names = {**saved["parameters"], **now["parameters"]}
            for name in names:
                was, is_now = (t["parameters"].get(name, "unknown") for t in (saved, now))
                if was != is_now:
                    found.append(f"{name} was {was:.100} and is {is_now:.100}")
            for name in {**saved["data"], **now["data"]}:
                if saved["data"].get(name) != now["data"].get(name):
                    found.append(f"{name} is not what it was")
                    break  # what comes after it depends on it
        if found:
            raise self._refusal(", ".join(found))

    def _check_length(self, planned, done, schedule):
        now = self._max_epochs
        if schedule in OF_ALL_EPOCHS and now != planned:
            raise self._refusal(
                f"max_epochs was {planned} and is {now}, on which each learning rate of "
                f"lr_schedule={schedule!r} depends"
            )
        if now < done:
            raise self._refusal(f"it has {done} epochs behind it, more than max_epochs={now}")

    def _refusal(self, why):
        return CheckpointError(
            f"The checkpoint {self._path} is not one of this training: {why}. Fit as it was, to go "
            "on with it; for a new training use another checkpoint_dir, or fit without "
            "resume=True, which replaces it."
        )


def _in_words(value):
    """Return the value of a parameter as text that is the same in another process."""
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        return repr(float(value)).removesuffix(".0")
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_in_words, value))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_in_words(k)}: {_in_words(v)}' for k, v in value.items())}}}"
    text = repr(value)
    if " at 0x" in text or isinstance(value, type):  # a function, or an object without a text
        named = value if hasattr(value, "__qualname__") else type(value)
        return f"{named.__module__}.{named.__qualname__}"
    return text


def _digests(images, valid, classes):
    """Return a digest of all that training sees, part by part."""
    digests = {"X": _digest(images.array), "y": _digest(images.codes, repr(classes.tolist()))}
    digests["sample_weight"] = _digest(images.rows.numpy(), _numpy(images._weights))
    if valid is not None:
        pixels = None if valid.array is images.array else valid.array
        digests["X_val or y_val"] = _digest(pixels, valid.codes, valid.rows.numpy())
    return digests


def _numpy(tensor):
    return None if tensor is None else tensor.cpu().numpy()


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str} {part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data if part.size else b"")
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()
