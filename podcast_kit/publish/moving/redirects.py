"""The texts that send an old feed's readers to the new one: redirects of web servers, and an element of the feed."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote, urlsplit

_SAFE = ":/?&=%+,@~!-._*()"
"""Characters of a URL that mean nothing else in any of these files."""


def list_redirect_texts(old_url: str, new_url: str) -> dict[str, str]:
    """By server, what to add to its settings so that the old feed's address answers 301 with the new one."""
    parts = urlsplit(old_url)
    path = quote(parts.path or "/", safe="/%-._~")
    query = quote(parts.query, safe="=&%+-._~")
    new = quote(new_url, safe=_SAFE)
    return {
        "nginx": _nginx_text(path, query, new),
        "Apache": _apache_text(path, query, new),
        "Netlify, Cloudflare Pages (_redirects)": _redirects_line(path, query, new),
        "Amazon S3 (website endpoint)": (
            f"aws s3api put-object --bucket BUCKET --key '{path.lstrip('/')}' --website-redirect-location '{new}'"
        ),
    }


def render_new_feed_element(new_url: str) -> str:
    """The element for the old feed's channel, for hosts that let you add one; its prefix is the usual one."""
    return f"<itunes:new-feed-url>{escape(new_url)}</itunes:new-feed-url>"


def _nginx_text(path: str, query: str, new: str) -> str:
    if not query:
        return f"location = {path} {{ return 301 {new}; }}"
    return f'location = {path} {{\n    if ($args = "{query}") {{ return 301 {new}; }}\n}}'


def _apache_text(path: str, query: str, new: str) -> str:
    if not query:
        return f'Redirect 301 "{path}" "{new}"'
    return (
        "RewriteEngine On\n"
        f'RewriteCond "%{{QUERY_STRING}}" "^{re.escape(query)}$"\n'
        f'RewriteRule "^/?{re.escape(path.lstrip("/"))}$" "{new.replace("%", chr(92) + "%")}" [R=301,L,NE,QSD]'
    )


def _redirects_line(path: str, query: str, new: str) -> str:
    parameters = f" {query.replace('&', ' ')}" if query else ""
    return f"{path}{parameters} {new} 301!"
