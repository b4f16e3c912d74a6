"""Read image files, and make covers, thumbnails, favicons and social cards. Only this package uses Pillow."""

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
