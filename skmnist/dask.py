"""A Dask client for joblib that gets over the loss of a worker."""


def resilient_client(address=None, **settings):
    """Return a Dask client with which a search gets over the loss of a worker.

    joblib hands large arguments (the pictures, the row numbers of a split) to one of the workers,
    and if that one is lost, so is the search: no other has them, and the scheduler doesn't know
    how to make them. This client makes them results of tasks, which the scheduler computes anew
    elsewhere, as it does with the fits themselves. All else is
    :class:`distributed.Client`; it becomes the default client, which joblib's backend "dask" uses.

    Parameters
    ----------
    address : str or Cluster, default=None
        Where the scheduler is, "tcp://host:8786" for instance, or a cluster object such as
        ``dask_cuda.LocalCUDACluster()``. None starts workers on this machine.
    **settings
        More arguments of :class:`distributed.Client`.

    Returns
    -------
    client : distributed.Client
        Close it in the end, or use it in a ``with`` statement.

    Raises
    ------
    ImportError
        Where Dask is not installed.

    Notes
    -----
    The scheduler keeps the data until the search is done: once for a search, not once for a task.

    Examples
    --------
    >>> import joblib
    >>> from skmnist.dask import resilient_client
    >>> with resilient_client("tcp://scheduler:8786"):  # doctest: +SKIP
    ...     with joblib.parallel_config(backend="dask"):
    ...         search.fit(X, y)
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            f'Dask cannot be imported ({error}). Install it with\n    pip install "skmnist[dask]"'
        ) from error

    class RecoveringClient(Client):
        """A client whose scattered data are results of tasks."""

        def scatter(self, data, *args, asynchronous=None, **kwargs):
            """Return a future for `data`, or for a list or tuple a list of one for each."""
            several = isinstance(data, (list, tuple))
            # Dask warns of tasks that hold much data, because it expects many of them.
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}):
                held = [self.submit(_same, d, pure=False) for d in (data if several else [data])]
            held = held if several else held[0]
            return _soon(held) if asynchronous else held

    return RecoveringClient(address, **settings)


def _same(data):
    return data


async def _soon(result):
    return result
