"""Dask client for joblib that tolerates the loss of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy import Cluster


def resilient_client(address: str | Cluster | None = None, **kwargs: Any) -> Client:
    """Return a Dask client for searches that tolerate the loss of a worker.

    joblib sends large arguments (images, indices of a split) to one of the workers. If that worker
    dies, a plain client cannot recompute them, and the search fails. This client sends them as
    results of tasks, which the scheduler recomputes on another worker. It also becomes the default
    client, which joblib's "dask" backend uses.

    Parameters
    ----------
    address : str or Cluster, default=None
        Address of the scheduler, such as "tcp://host:8786", or a cluster object, such as
        ``dask_cuda.LocalCUDACluster()``. None: start workers on this machine.
    **kwargs
        Additional arguments of :class:`distributed.Client`.

    Returns
    -------
    client : distributed.Client
        Close it after use, or use it in a ``with`` statement.

    Raises
    ------
    ImportError
        If Dask is not installed.

    Notes
    -----
    The scheduler stores one copy of the data until the search is finished.

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
        """Client that scatters data as results of tasks."""

        def scatter(
            self, data: Any, *args: Any, asynchronous: bool | None = None, **kwargs: Any
        ) -> Any:
            """Return a future for `data`, or a list of futures for a list or tuple."""
            is_list = isinstance(data, (list, tuple))
            items = data if is_list else [data]
            # Dask warns about large tasks, because it expects many of them.
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}):
                futures = [self.submit(_identity, item, pure=False) for item in items]
            result = futures if is_list else futures[0]
            return _as_coroutine(result) if asynchronous else result

    return ResilientClient(address, **kwargs)


def _identity(data: Any) -> Any:
    return data


async def _as_coroutine(result: Any) -> Any:
    return result
