"""Which addresses may be fetched: public ones, and those that a person typed or the show's owner set."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_NAT64_PREFIX = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")
_ISATAP_MARKERS = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214)."""
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".test", ".home.arpa", ".lan")
"""Endings of names that public name servers do not know, so they mean this network."""
_RESERVED_SUFFIXES = (".example", ".invalid")
_EXAMPLE_DOMAINS = (".example.com", ".example.net", ".example.org")
"""Names for documentation, which no one can register (RFC 2606)."""
_IPV4_MASK = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """What a client may connect to. Without arguments: public addresses only."""

    trusted_urls: frozenset[str] = frozenset()
    """URLs that a person typed, or that podcast.yaml sets: they may have private addresses.

    A URL that ends in / includes everything below it. What such a URL redirects to, and what its feed names, is not
    trusted, unless it has the same scheme, host and port, and the host is an IP address or a local name.
    """
    is_offline: bool = False
    """Whether nothing is fetched at all."""

    @classmethod
    def trust(cls, *urls: str) -> NetworkPolicy:
        """A policy that also allows these URLs to have private addresses."""
        return cls(frozenset(urls))

    def extend(self, *urls: str) -> NetworkPolicy:
        """The same policy with more trusted URLs; one that is offline stays so."""
        return NetworkPolicy(self.trusted_urls | set(urls), self.is_offline)

    def trusts(self, url: str) -> bool:
        """Whether a URL, as first requested, may have a private address."""
        return any(
            url == trusted or (trusted.endswith("/") and url.startswith(trusted)) or is_same_local_origin(url, trusted)
            for trusted in self.trusted_urls
        )


def is_same_local_origin(url: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port, and the host is an IP address or a local name.

    The name of any other host can be made to have any address by who owns it.
    """
    try:
        parts, others = urlsplit(url), urlsplit(other)
        same = (parts.scheme, parts.hostname, parts.port) == (others.scheme, others.hostname, others.port)
    except ValueError:
        return False
    return same and _is_local_host(parts.hostname or "")


def _is_local_host(host: str) -> bool:
    """Whether a host is an IP address, or a name that has no address outside of this network."""
    name = host.rstrip(".").lower()
    return "." not in name or _is_ip_address(name) or name.endswith(_LOCAL_SUFFIXES)


def is_private_host(host: str) -> bool:
    """Whether a host is known to be private without resolving it: an address that is not public, or a local name."""
    return _is_local_host(host) and not is_public_address(host)


def is_public_host(host: str) -> bool:
    """Whether others on the internet may reach a host, as far as its name tells: not reserved, and not private."""
    name = host.rstrip(".").lower()
    is_reserved = name.endswith(_RESERVED_SUFFIXES) or f".{name}".endswith(_EXAMPLE_DOMAINS)
    return bool(name) and not is_reserved and not is_private_host(host)


def is_loopback_host(host: str) -> bool:
    """Whether a host is this computer, by its name or address."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost") or (_is_ip_address(name) and ip_address(name).is_loopback)


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public_address(text: str) -> bool:
    """Whether an IP address is on the public internet, and so is any IPv4 address inside of an IPv6 address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    embedded = _embedded_ipv4(address)
    if any(not is_public_address(str(part)) for part in embedded):
        return False
    if address.ipv4_mapped or address in _NAT64_PREFIX or address.sixtofour:
        return True
    return address in _GLOBAL_UNICAST and address.is_global and address not in _DOCUMENTATION


def _embedded_ipv4(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address may reach: mapped, 6to4, Teredo, NAT64, ISATAP."""
    parts = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64_PREFIX or (int(address) >> 32) & _IPV4_MASK in _ISATAP_MARKERS:
        parts.append(IPv4Address(int(address) & _IPV4_MASK))
    return [part for part in parts if part is not None]
