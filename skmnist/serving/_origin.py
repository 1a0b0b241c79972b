"""Origin check: accept requests only from the server's own page.

Any web page can make its visitor's browser send requests to the visitor's own machine (CSRF). The
browser sends the origin of the page (Origin, Sec-Fetch-Site) and the host name that it looked up
(Host). A page may let its own name point to this machine (DNS rebinding), but it can't choose the
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
    """Raise an HTTPError unless a request comes from the server's own page, or from no page.

    Parameters
    ----------
    method : str
    headers : email.message.Message
        The headers of the request.
    host : str
        The name or the address that the server listens at.
    loopback : bool
        Whether only this machine can reach the server.
    """
    names = [name.lower() for name in headers.get_all("Host", [])]
    match = _HOST.fullmatch(names[0]) if len(names) == 1 else None
    if not match:
        raise HTTPError(400, "The request has to name its host once.")
    if not _is_own_host(match[1], host, loopback):
        raise HTTPError(403, "This name is not the server's. Use the address that it printed.")
    origins = headers.get_all("Origin", [])
    if any(origin.lower() != f"http://{names[0]}" for origin in origins):
        raise HTTPError(403, "Only the server's own page may ask.")
    sites = {site.lower() for site in headers.get_all("Sec-Fetch-Site", [])}
    # Following a link to the page is harmless: the page that holds the link sees nothing of it.
    link = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
    if not sites <= {"same-origin", "none"} and not link:
        raise HTTPError(403, "Only the server's own page may ask.")


def _is_own_host(name: str, host: str, loopback: bool) -> bool:
    """Return whether `name` is this server's.

    Names can be made to point anywhere, addresses can't. So on a network, where the machine may
    have several addresses, any address is accepted.
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
