"""Download a file over HTTP, with timeouts."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from typing import Any

_TIMEOUT = 20  # seconds; a server must send at least _MIN_BYTES in each such period
_MIN_BYTES = 20_000
_BLOCK_SIZE = 2**16


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follow redirects, except those from HTTPS to HTTP."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError(f"insecure redirect from HTTPS to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def retrieve(url: str, filename: str) -> None:
    """Download the file at `url` to `filename`.

    Raises
    ------
    RuntimeError
        If anything fails. After a RuntimeError, torchvision continues with the next mirror. After
        an OSError, it would try HTTP instead of HTTPS.
    """
    # All URLs are from torchvision or from a DatasetSpec, so their scheme needs no check.
    request = urllib.request.Request(url, headers={"User-Agent": "skmnist"})  # noqa: S310
    opener = urllib.request.build_opener(_NoDowngrade)
    try:
        with opener.open(request, timeout=_TIMEOUT) as response, open(filename, "wb") as file:
            length, n_received = response.length, 0
            deadline, n_required = time.monotonic() + _TIMEOUT, _MIN_BYTES
            while block := response.read1(_BLOCK_SIZE):
                file.write(block)
                n_received += len(block)
                if time.monotonic() > deadline:
                    if n_received < n_required:
                        raise TimeoutError(f"got only {n_received} bytes in time")
                    deadline, n_required = time.monotonic() + _TIMEOUT, n_received + _MIN_BYTES
            if length is not None and n_received != length:
                raise EOFError(f"expected {length} bytes, got {n_received}")
    except (OSError, EOFError, ValueError, http.client.HTTPException) as error:
        raise RuntimeError(f"{url}: {type(error).__name__}: {error}") from error
