"""Print and write the results of a study, or its partial results after an interruption."""

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

# Column of a table -> its printed name and format.
_READABLE = {
    "estimator": ("class", "{}"),
    "train_size": ("training images", "{:,}"),
    "train_score": ("train accuracy", "{:.1%}"),
    "test_score": ("test accuracy", "{:.1%}"),
    "train_accuracy": ("train accuracy", "{:.1%}"),
    "test_accuracy": ("test accuracy", "{:.1%}"),
    "max_test_accuracy": ("best test accuracy", "{:.1%}"),
    "train_loss": ("train loss", "{:.3f}"),
    "test_loss": ("test loss", "{:.3f}"),
    "min_train_loss": ("lowest train loss", "{:.3f}"),
    "min_test_loss": ("lowest test loss", "{:.3f}"),
    "n_weights": ("weights", "{:,}"),
    "fit_time": ("fit time", "{:.2f} s"),
    "score_time": ("score time", "{:.2f} s"),
    "mean_epoch_time": ("mean epoch time", "{:.3f} s"),
    "median_epoch_time": ("median epoch time", "{:.3f} s"),
    "rank_test_score": ("rank", "{}"),
    "mean_test_score": ("accuracy", "{:.1%}"),
    "std_test_score": ("std", "{:.1%}"),
    "mean_fit_time": ("fit time", "{:.2f} s"),
    "mean": ("mean accuracy", "{:.2%}"),
    "std": ("std", "{:.2%}"),
    "ci_low": ("95% interval from", "{:.2%}"),
    "ci_high": ("to", "{:.2%}"),
}


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
    print(f"\n{printed_table.to_string(sparsify=False)}", flush=True)
    _partial_path(output_dir, name).unlink(missing_ok=True)  # from an earlier run
    print_paths(
        [
            write_table(table, output_dir / f"{name}.csv"),
            write_json(values, output_dir / f"{name}.json"),
            write_figure(figure, output_dir / f"{name}.png"),
        ]
    )


def readable(table: DataFrame) -> DataFrame:
    """Return a table as it is printed: readable column names, percent and seconds."""
    texts = {}
    for column, values in table.items():
        name, form = _READABLE.get(str(column), (column, "{}"))
        texts[name] = ["-" if value != value else form.format(value) for value in values]
    names = [_READABLE.get(str(name), (name, ""))[0] for name in table.index.names]
    return type(table)(texts, index=table.index.set_names(names))


def mean_over_folds(table: DataFrame) -> DataFrame:
    """Return the means over the cross-validation folds."""
    return table.drop(columns="split").groupby(level=0, sort=False).mean()


@contextlib.contextmanager
def save_partial_results(
    output_dir: Path, name: str, partial_tables: Callable[[], Sequence[DataFrame]]
) -> Iterator[None]:
    """Save partial results after Ctrl+C or a failed fit.

    Parameters
    ----------
    output_dir : Path
    name : str
        Name of the study.
    partial_tables : callable
        Returns the tables of the finished fits, in a list.

    Raises
    ------
    KeyboardInterrupt
        If the study is interrupted. The message says what was written.
    """
    from joblib import parallel_config

    # Workers ignore SIGINT; otherwise each would print a traceback after Ctrl+C. This process
    # stops them.
    ignore_sigint = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    try:
        with parallel_config("loky", **ignore_sigint):
            yield
    except KeyboardInterrupt:
        message = _write_partial(output_dir, name, partial_tables()) or "there are no results yet"
        raise KeyboardInterrupt(message) from None
    except Exception:
        if message := _write_partial(output_dir, name, partial_tables()):
            print(f"skmnist: {message}", file=sys.stderr, flush=True)
        raise


def _write_partial(output_dir: Path, name: str, tables: Sequence[DataFrame]) -> str:
    """Write the tables as one file; return the message for the user."""
    if not tables:
        return ""
    import pandas as pd

    path = _partial_path(output_dir, name)
    try:
        return f"partial results saved to {write_table(pd.concat(tables), path).resolve()}"
    except OSError as error:
        return f"partial results could not be saved to {path}: {error.strerror or error}"


def _partial_path(output_dir: Path, name: str) -> Path:
    return output_dir / f"{name}-interrupted.csv"
