"""Addresses of webhooks: anyone who knows one can post, so they come from the environment and are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podcast_kit.announce.api import PostError
from podcast_kit.io.network_policy import is_private_host

if TYPE_CHECKING:
    from podcast_kit.announce.networks import Network


def hook_moved_fix(network: Network) -> str:
    """What to do when the address redirects."""
    return f"set {network.secret_variables[0]} to the new address, if it is yours"


def read_webhook_url(network: Network) -> str:
    """The address in the network's variable. Raises PostError, which does not show it, if it is not one."""
    (variable,) = network.secret_variables
    url = network.secret(variable)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"https", "http"} or not host or " " in url:
        raise PostError(f"{variable} is not a web address", network.secret_fix)
    if parts.scheme == "http" and not is_private_host(host):
        text = f"{variable} starts with http://, so anyone on the way could read it"
        raise PostError(text, f"set {variable} to an address that starts with https://")
    return url
