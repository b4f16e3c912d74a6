"""Render the show's pages, and the follow and review prompts. Only this package uses Jinja and segno."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podcast_kit.late_imports import import_late

if TYPE_CHECKING:
    from podcast_kit.site.announcement import describe_announced, render_announcement
    from podcast_kit.site.i18n import Translations, all_translations, load_translations
    from podcast_kit.site.listen_links import (
        Link,
        LinkKind,
        Platform,
        build_listen_links,
        check_listen_links,
        listen_service_hosts,
        normalize_url,
        service_key_of_label,
    )
    from podcast_kit.site.network_pages import NETWORK_OPML_KEY, NetworkSite
    from podcast_kit.site.newsletter import MailContent, render_newsletter
    from podcast_kit.site.pages import (
        KeptPage,
        KeptPages,
        Site,
        SitePage,
        indexnow_key_file,
        render_site,
        with_neighbours,
    )
    from podcast_kit.site.prompts import expand_link_markers, render_prompts
    from podcast_kit.site.share import SharedMoment, ShareLink, build_share_links, clip_page_key
    from podcast_kit.site.stats_page import (
        StatsBreakdown,
        StatsChart,
        StatsMark,
        StatsPage,
        StatsPoint,
        StatsRow,
        render_stats_page,
    )
    from podcast_kit.site.templates import (
        compile_page_templates,
        eject_template,
        list_own_templates,
        list_templates,
        templates_digest,
    )
    from podcast_kit.site.theme import SiteTheme, resolve_theme
    from podcast_kit.site.welcome import Welcome, render_welcome

__all__ = [
    "NETWORK_OPML_KEY",
    "KeptPage",
    "KeptPages",
    "Link",
    "LinkKind",
    "MailContent",
    "NetworkSite",
    "Platform",
    "ShareLink",
    "SharedMoment",
    "Site",
    "SitePage",
    "SiteTheme",
    "StatsBreakdown",
    "StatsChart",
    "StatsMark",
    "StatsPage",
    "StatsPoint",
    "StatsRow",
    "Translations",
    "Welcome",
    "all_translations",
    "build_listen_links",
    "build_share_links",
    "check_listen_links",
    "clip_page_key",
    "compile_page_templates",
    "describe_announced",
    "eject_template",
    "expand_link_markers",
    "indexnow_key_file",
    "list_own_templates",
    "list_templates",
    "listen_service_hosts",
    "load_translations",
    "normalize_url",
    "render_announcement",
    "render_newsletter",
    "render_prompts",
    "render_site",
    "render_stats_page",
    "render_welcome",
    "resolve_theme",
    "service_key_of_label",
    "templates_digest",
    "with_neighbours",
]

__getattr__ = import_late(
    __name__,
    {
        "announcement": ("describe_announced", "render_announcement"),
        "i18n": ("Translations", "all_translations", "load_translations"),
        "listen_links": (
            "Link",
            "LinkKind",
            "Platform",
            "build_listen_links",
            "check_listen_links",
            "listen_service_hosts",
            "normalize_url",
            "service_key_of_label",
        ),
        "network_pages": ("NETWORK_OPML_KEY", "NetworkSite"),
        "newsletter": ("MailContent", "render_newsletter"),
        "pages": ("KeptPage", "KeptPages", "Site", "SitePage", "indexnow_key_file", "render_site", "with_neighbours"),
        "prompts": ("expand_link_markers", "render_prompts"),
        "share": ("SharedMoment", "ShareLink", "build_share_links", "clip_page_key"),
        "stats_page": (
            "StatsBreakdown",
            "StatsChart",
            "StatsMark",
            "StatsPage",
            "StatsPoint",
            "StatsRow",
            "render_stats_page",
        ),
        "templates": (
            "compile_page_templates",
            "eject_template",
            "list_own_templates",
            "list_templates",
            "templates_digest",
        ),
        "theme": ("SiteTheme", "resolve_theme"),
        "welcome": ("Welcome", "render_welcome"),
    },
)
