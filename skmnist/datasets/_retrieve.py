"""Get one file from a server, or give up in time."""

import http.client
import time
import urllib.error
import urllib.request

_TIMEOUT = 20  # seconds in which a server has to send something,
_LEAST_BYTES = 20_000  # and this much at least
_BLOCK = 2**16


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but for those from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError(f"redirected from https to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def retrieve(url, filename):
    """Write what `url` holds to `filename`.

    Raises
    ------
    RuntimeError
        Whatever went wrong, so that torchvision goes on to the next mirror, and not from https
        to http, as after an OSError.
    """
    # The addresses are torchvision's.
    request = urllib.request.Request(url, headers={"User-Agent": "skmnist"})  # noqa: S310
    opener = urllib.request.build_opener(_NoDowngrade)
    try:
        with opener.open(request, timeout=_TIMEOUT) as response, open(filename, "wb") as file:
            length, came = response.length, 0
            deadline, enough = time.monotonic() + _TIMEOUT, _LEAST_BYTES
            while block := response.read1(_BLOCK):
                file.write(block)
                came += len(block)
                if time.monotonic() > deadline:
                    if came < enough:
                        raise TimeoutError(f"only {came} bytes came")
                    deadline, enough = time.monotonic() + _TIMEOUT, came + _LEAST_BYTES
            if length is not None and came != length:
                raise EOFError(f"{came} bytes came, {length} were announced")
    except (OSError, EOFError, ValueError, http.client.HTTPException) as error:
        raise RuntimeError(f"{url}: {type(error).__name__}: {error}") from error
