"""What studies leave: a table, the same as JSON, a picture; or what was finished before Ctrl-C."""

import contextlib

from skmnist.cli.output import print_paths, write_figure, write_json, write_table


def finish(out, name, table, values, figure, *, shown=None):
    """Print a table (`shown`, if the terminal wants another); write it, as JSON and its picture."""
    shown = table if shown is None else shown
    print(f"\n{shown.to_string(float_format='{:.4g}'.format)}", flush=True)
    _partial(out, name).unlink(missing_ok=True)  # of an earlier run
    print_paths(
        [
            write_table(table, out / f"{name}.csv"),
            write_json(values, out / f"{name}.json"),
            write_figure(figure, out / f"{name}.png"),
        ]
    )


@contextlib.contextmanager
def keep_what_is_finished(out, name, finished):
    """Write what was finished, if Ctrl-C comes.

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
    try:
        yield
    except KeyboardInterrupt:
        tables = finished()
        if not tables:
            raise KeyboardInterrupt("nothing was finished yet") from None
        import pandas as pd

        path = write_table(pd.concat(tables), _partial(out, name)).resolve()
        raise KeyboardInterrupt(f"what was finished is in {path}") from None


def _partial(out, name):
    return out / f"{name}-interrupted.csv"
