"""Folder with the states of a halving search: to continue its fits, and to resume the search."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from skmnist._estimators.checkpoints import CheckpointTarget, lock_folder
from skmnist._files.atomic import atomic_write
from skmnist.exceptions import CheckpointError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator

_FORMAT = 1


@contextlib.contextmanager
def open_store(
    checkpoint_dir: str | os.PathLike[str] | None, settings: dict[str, str], resume: bool
) -> Iterator[HalvingStore]:
    """Yield the store of a search in `checkpoint_dir`, or in a temporary folder if it is None.

    Parameters
    ----------
    checkpoint_dir : str, path or None
        The folder is created if it does not exist. It is locked inside the block.
    settings : dict of str to str
        What the results depend on. It must be the same when the search is resumed.
    resume : bool
        Whether to continue the search in the folder. Otherwise it starts from scratch.

    Raises
    ------
    CheckpointError
        If the folder is used by another search, or belongs to a search with other settings.
    OSError
        If the folder cannot be created or written to.
    """
    if checkpoint_dir is None:
        with TemporaryDirectory(prefix="skmnist-halving-") as temporary:
            yield HalvingStore(Path(temporary), settings, resume=False, keep=False)
        return
    folder = Path(checkpoint_dir).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"checkpoint_dir must be a folder. Got the file {str(checkpoint_dir)!r} instead."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder, "search"):
        yield HalvingStore(folder, settings, resume, keep=True)


class HalvingStore:
    """The states of the fits of a halving search, and the scores of its completed iterations.

    Parameters
    ----------
    folder : Path
    settings : dict of str to str
    resume : bool
    keep : bool
        Whether the folder is used to resume the search. Then a fit writes its state after each
        epoch, and the scores are written, too.
    """

    def __init__(self, folder: Path, settings: dict[str, str], resume: bool, keep: bool) -> None:
        self._folder, self._path = folder, folder / "search.json"
        self._resume, self._keep = resume, keep
        self._content: dict[str, Any] = {"format": _FORMAT, "settings": settings, "iterations": []}
        if resume and self._path.exists():
            saved = self._read()
            self._check_settings(saved["settings"])
            self._content = saved
        elif keep:
            self.discard(())
            self._write()

    def target(self, number: int, iteration: int) -> CheckpointTarget:
        """Return the target of the fits of a candidate in an iteration, and create its folder."""
        folder = self._folder / f"candidate-{number:06d}"
        folder.mkdir(exist_ok=True)
        return CheckpointTarget(folder, self._resume or iteration > 0, every_epoch=self._keep)

    def discard(self, kept: Collection[int]) -> None:
        """Remove the states of all candidates but the `kept` ones."""
        names = {f"candidate-{number:06d}" for number in kept}
        for folder in self._folder.glob("candidate-" + 6 * "[0-9]"):
            if folder.name not in names:
                shutil.rmtree(folder)

    def saved(self, iteration: int) -> dict[str, Any] | None:
        """Return the results that :meth:`save` wrote, or None."""
        iterations = self._content["iterations"]
        return iterations[iteration] if iteration < len(iterations) else None

    def save(self, results: dict[str, Any]) -> None:
        """Save the results of the next iteration, a dict that JSON can represent."""
        self._content["iterations"].append(results)
        if self._keep:
            self._write()

    def _write(self) -> None:
        with atomic_write(self._path, "w", encoding="utf-8") as file:
            json.dump(self._content, file)

    def _read(self) -> dict[str, Any]:
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            complete = saved.keys() == self._content.keys() and saved["format"] == _FORMAT
        except (ValueError, AttributeError):
            complete = False
        if not complete:
            raise CheckpointError(
                f"{self._path} is damaged or was written by another version of skmnist. Call fit "
                "without resume=True to start the search from scratch."
            )
        return saved

    def _check_settings(self, saved: dict[str, str]) -> None:
        current = self._content["settings"]
        differences = [
            f"{name} was {saved.get(name, '-'):.100} and is {current.get(name, '-'):.100}"
            for name in {**saved, **current}
            if saved.get(name) != current.get(name)
        ]
        if differences:
            raise CheckpointError(
                f"{self._folder} belongs to a different search: {', '.join(differences)}. Use the "
                "original settings to resume it, choose another checkpoint_dir, or fit without "
                "resume=True to overwrite it."
            )
