"""What studies leave: a table, the same as JSON, a picture; or what was finished until then."""

import contextlib
import signal
import sys

from skmnist.cli._output import print_paths, write_figure, write_json, write_table


def finish(out, name, table, values, figure, *, shown=None):
    """Print a table (`shown`, if the terminal wants another); write it, as JSON and its picture."""
    shown = table if shown is None else shown
    print(f"\n{shown.to_string(float_format='{:.4g}'.format, sparsify=False)}", flush=True)
    _partial(out, name).unlink(missing_ok=True)  # of an earlier run
    print_paths(
        [
            write_table(table, out / f"{name}.csv"),
            write_json(values, out / f"{name}.json"),
            write_figure(figure, out / f"{name}.png"),
        ]
    )


def mean_over_parts(table):
    """Return the means over the parts of cross-validation, as the terminal shows them."""
    return table.drop(columns="split").groupby(level=0, sort=False).mean()


@contextlib.contextmanager
def keep_what_is_finished(out, name, finished):
    """Write what was finished, if Ctrl-C comes or a training fails; workers are deaf to Ctrl-C.

    Parameters
    ----------
    out : Path
    name : str
        Of the study.
    finished : callable
        Returns the tables of what was finished, in a list.

    Raises
    ------
    KeyboardInterrupt
        It says what was written.
    """
    from joblib import parallel_config

    # This process ends its workers; by themselves they'd print where Ctrl-C met them.
    deaf = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    try:
        with parallel_config("loky", **deaf):
            yield
    except KeyboardInterrupt:
        words = _write_tables(out, name, finished()) or "nothing was finished yet"
        raise KeyboardInterrupt(words) from None
    except Exception:
        if words := _write_tables(out, name, finished()):
            print(f"skmnist: {words}", file=sys.stderr, flush=True)
        raise


def _write_tables(out, name, tables):
    """Write tables as one; return what to say about it."""
    if not tables:
        return ""
    import pandas as pd

    path = _partial(out, name)
    try:
        return f"what was finished is in {write_table(pd.concat(tables), path).resolve()}"
    except OSError as error:
        return f"what was finished can't be written to {path}: {error.strerror or error}"


def _partial(out, name):
    return out / f"{name}-interrupted.csv"
