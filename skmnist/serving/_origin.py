"""Who may ask: only the page that the server itself has sent.

Any web page can make its visitor's browser send requests to the visitor's own machine. The browser
tells whose page it is (Origin, Sec-Fetch-Site), and which name it was looking for (Host): a page
may let its own name point to this machine (DNS rebinding), but it can't choose the name that the
browser tells.
"""

import ipaddress
import re

from ._http_error import Refusal

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:[0-9]{1,5})?", re.ASCII)
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


def check_sender(method, headers, host, *, loopback):
    """Raise a Refusal unless a request comes from the server's own page, or from no page.

    Parameters
    ----------
    method : str
    headers : email.message.Message
        Those of the request.
    host : str
        The name or the address that the server was told to listen at.
    loopback : bool
        Whether it can be reached from this machine only.
    """
    names = [name.lower() for name in headers.get_all("Host", [])]
    match = _HOST.fullmatch(names[0]) if len(names) == 1 else None
    if not match:
        raise Refusal(400, "The request has to name its host once.")
    if not _is_own(match[1], host, loopback):
        raise Refusal(403, "This name is not the server's. Use the address that it printed.")
    origins = headers.get_all("Origin", [])
    if any(origin.lower() != f"http://{names[0]}" for origin in origins):
        raise Refusal(403, "Only the server's own page may ask.")
    sites = {site.lower() for site in headers.get_all("Sec-Fetch-Site", [])}
    # Following a link to the page is harmless: the page that holds the link sees nothing of it.
    link = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
    if not sites <= {"same-origin", "none"} and not link:
        raise Refusal(403, "Only the server's own page may ask.")


def _is_own(name, host, loopback):
    """Return whether a browser that looks for `name` means this server.

    Names can be made to point anywhere, addresses can't; so beyond loopback, where the machine may
    have several, any address will do.
    """
    if name in _LOOPBACK or name.strip("[]") == host.lower():
        return True
    return not loopback and is_address(name.strip("[]"))


def is_address(name):
    """Return whether `name` is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
