"""A Dask client for joblib that survives the loss of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy import Cluster


def resilient_client(address: str | Cluster | None = None, **kwargs: Any) -> Client:
    """Return a Dask client with which a search survives the loss of a worker.

    joblib sends large arguments (the images, the indices of a split) to one of the workers. If
    that worker is lost, so is the search: no other worker has them, and the scheduler doesn't
    know how to make them. This client makes them results of tasks, which the scheduler computes
    again on another worker, as it does with the fits themselves. Apart from that it is a
    :class:`distributed.Client`; it becomes the default client, which joblib's backend "dask" uses.

    Parameters
    ----------
    address : str or Cluster, default=None
        Where the scheduler is, "tcp://host:8786" for instance, or a cluster object such as
        ``dask_cuda.LocalCUDACluster()``. None starts workers on this machine.
    **kwargs
        More arguments of :class:`distributed.Client`.

    Returns
    -------
    client : distributed.Client
        Close it in the end, or use it in a ``with`` statement.

    Raises
    ------
    ImportError
        If Dask is not installed.

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
            f"Dask cannot be imported ({error}). Install it with\n    pip install '.[dask]'\n"
            "in the root of the repository."
        ) from error

    class ResilientClient(Client):
        """A client whose scattered data are results of tasks."""

        def scatter(
            self, data: Any, *args: Any, asynchronous: bool | None = None, **kwargs: Any
        ) -> Any:
            """Return a future for `data`; for a list or tuple, a list with a future for each."""
            is_list = isinstance(data, (list, tuple))
            items = data if is_list else [data]
            # Dask warns of tasks that hold much data, because it expects many of them.
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}):
                futures = [self.submit(_identity, item, pure=False) for item in items]
            result = futures if is_list else futures[0]
            return _as_coroutine(result) if asynchronous else result

    return ResilientClient(address, **kwargs)


def _identity(data: Any) -> Any:
    return data


async def _as_coroutine(result: Any) -> Any:
    return result
