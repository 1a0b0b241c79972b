"""Write the results of a study, or its partial results after an interruption."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any

from skmnist.cli._output import print_paths, write_figure, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure, SubFigure
    from pandas import DataFrame


def write_results(
    output_dir: Path,
    name: str,
    table: DataFrame,
    values: Mapping[str, Any],
    figure: Figure | SubFigure,
    *,
    printed_table: DataFrame,
) -> None:
    """Print `printed_table`; write the table as CSV, the values as JSON and the figure as PNG."""
    text = printed_table.to_string(float_format="{:.4g}".format, sparsify=False)
    print(f"\n{text}", flush=True)
    _partial_path(output_dir, name).unlink(missing_ok=True)  # of an earlier run
    print_paths(
        [
            write_table(table, output_dir / f"{name}.csv"),
            write_json(values, output_dir / f"{name}.json"),
            write_figure(figure, output_dir / f"{name}.png"),
        ]
    )


def mean_over_folds(table: DataFrame) -> DataFrame:
    """Return the means over the cross-validation folds."""
    return table.drop(columns="split").groupby(level=0, sort=False).mean()


@contextlib.contextmanager
def save_partial_results(
    output_dir: Path, name: str, partial_tables: Callable[[], Sequence[DataFrame]]
) -> Iterator[None]:
    """Write the partial results after Ctrl-C or a failed training; workers ignore Ctrl-C.

    Parameters
    ----------
    output_dir : Path
    name : str
        Name of the study.
    partial_tables : callable
        Returns the tables of the finished trainings, in a list.

    Raises
    ------
    KeyboardInterrupt
        Its message says what was written.
    """
    from joblib import parallel_config

    # This process ends its workers; otherwise each would print a traceback after Ctrl-C.
    ignore_sigint = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    try:
        with parallel_config("loky", **ignore_sigint):
            yield
    except KeyboardInterrupt:
        message = _write_partial(output_dir, name, partial_tables()) or "nothing was finished yet"
        raise KeyboardInterrupt(message) from None
    except Exception:
        if message := _write_partial(output_dir, name, partial_tables()):
            print(f"skmnist: {message}", file=sys.stderr, flush=True)
        raise


def _write_partial(output_dir: Path, name: str, tables: Sequence[DataFrame]) -> str:
    """Write tables as one; return the message for the user."""
    if not tables:
        return ""
    import pandas as pd

    path = _partial_path(output_dir, name)
    try:
        return f"what was finished is in {write_table(pd.concat(tables), path).resolve()}"
    except OSError as error:
        return f"what was finished can't be written to {path}: {error.strerror or error}"


def _partial_path(output_dir: Path, name: str) -> Path:
    return output_dir / f"{name}-interrupted.csv"
