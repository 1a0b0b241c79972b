"""Origin check: accept requests only from the server's own page.

Any web page can make a browser send requests to the user's own machine (CSRF). The browser sends
the origin of that page (Origin, Sec-Fetch-Site) and the host name of the request (Host). With DNS
rebinding, a page can make its own host name point to this machine, but it cannot change the host
name that the browser sends.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from ._http_error import HTTPError

if TYPE_CHECKING:
    from email.message import Message

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:[0-9]{1,5})?", re.ASCII)
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


def check_origin(method: str, headers: Message, host: str, *, loopback: bool) -> None:
    """Raise an HTTPError if a request comes from another web page.

    Parameters
    ----------
    method : str
        The HTTP method.
    headers : email.message.Message
        The headers of the request.
    host : str
        The host name or address that the server listens on.
    loopback : bool
        Whether only this machine can reach the server.
    """
    names = [name.lower() for name in headers.get_all("Host", [])]
    match = _HOST.fullmatch(names[0]) if len(names) == 1 else None
    if not match:
        raise HTTPError(400, "Expected one valid Host header.")
    if not _is_own_host(match[1], host, loopback):
        raise HTTPError(403, "Unknown host name. Use the address that the server printed.")
    origins = headers.get_all("Origin", [])
    if any(origin.lower() != f"http://{names[0]}" for origin in origins):
        raise HTTPError(403, "Requests from other web pages are not allowed.")
    sites = {site.lower() for site in headers.get_all("Sec-Fetch-Site", [])}
    # Following a link to the page is harmless: the page with the link cannot read the response.
    link = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
    if not sites <= {"same-origin", "none"} and not link:
        raise HTTPError(403, "Requests from other web pages are not allowed.")


def _is_own_host(name: str, host: str, loopback: bool) -> bool:
    """Return whether `name` is a name or an address of this server.

    On a network any IP address is accepted, because the machine can have several. Unlike a name, an
    address cannot be made to point to another machine.
    """
    if name in _LOOPBACK or name.strip("[]") == host.lower():
        return True
    return not loopback and is_address(name.strip("[]"))


def is_address(name: str) -> bool:
    """Return whether `name` is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
