"""Read image files, and make covers, thumbnails, favicons and social cards. Only this package uses Pillow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podcast_kit.late_imports import import_late

if TYPE_CHECKING:
    from podcast_kit.images.artwork import ImageInfo, probe_image
    from podcast_kit.images.social_card import POSTER_FORMATS, SOCIAL_CARD_SIZE_PX, PosterFormat, SocialCard
    from podcast_kit.images.thumbnails import dominant_colour, make_favicons, make_tag_cover, make_thumbnails

__all__ = [
    "POSTER_FORMATS",
    "SOCIAL_CARD_SIZE_PX",
    "ImageInfo",
    "PosterFormat",
    "SocialCard",
    "dominant_colour",
    "make_favicons",
    "make_tag_cover",
    "make_thumbnails",
    "probe_image",
]

__getattr__ = import_late(
    __name__,
    {
        "artwork": ("ImageInfo", "probe_image"),
        "social_card": ("POSTER_FORMATS", "SOCIAL_CARD_SIZE_PX", "PosterFormat", "SocialCard"),
        "thumbnails": ("dominant_colour", "make_favicons", "make_tag_cover", "make_thumbnails"),
    },
)
