"""Which addresses an engine may have: http(s), and a private one only where the settings list it."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """This URL may not be an engine's; one sentence says why and what to change."""


def check_url(url: str, *, private: Iterable[str]) -> None:
    """Raise AddressRefused unless the URL is http(s) and leads to a public or a listed address.

    `private` lists host names, addresses and networks (10.0.0.0/8) that are private and permitted. A name
    that resolves to nothing passes: nothing can be reached by it, and it is looked at again on connecting.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"This is no valid URL: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused("An engine's URL begins with http:// or https:// and names a host.")
    if parts.username or parts.password:
        raise AddressRefused("An engine's URL holds no user name or password; give the key separately.")
    if is_listed(host, private=private):
        return
    if hidden := [address for address in _addresses(host) if not address.is_global]:
        raise AddressRefused(
            f"“{host}” is a private address ({hidden[0]}). If an engine is meant to be there, list it in the"
            " setting ENGINE_PRIVATE_ADDRESSES."
        )


def is_listed(host: str, *, private: Iterable[str]) -> bool:
    """Whether the host, or the address it is written as, is on the list of private addresses."""
    address = _literal(host)
    for entry in private:
        if host.lower() == entry.strip().strip("[]").lower():
            return True
        if address is not None and "/" in entry and address in ipaddress.ip_network(entry, strict=False):
            return True
    return False


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _addresses(host: str) -> list[Address]:
    # getaddrinfo also reads the odd spellings of an address (127.1, 2130706433) that ipaddress refuses.
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = [ipaddress.ip_address(entry[4][0].split("%")[0]) for entry in found]
    return [getattr(address, "ipv4_mapped", None) or address for address in addresses]
