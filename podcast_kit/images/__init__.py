"""Pictures by their pixels: what a file is, and copies for tags, pages and cards. The only home of Pillow."""

from podcast_kit.images.artwork import Facts, probe
from podcast_kit.images.social_card import CARD, Card
from podcast_kit.images.thumbnails import colour, cover, icons, smaller

__all__ = ["CARD", "Card", "Facts", "colour", "cover", "icons", "probe", "smaller"]
