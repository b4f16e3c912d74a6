"""Pictures by their pixels: what a file is, and copies for tags, pages and cards. The only home of Pillow."""

from podcast_kit.pictures.card import CARD, Card
from podcast_kit.pictures.copies import colour, cover, icons, smaller
from podcast_kit.pictures.reading import Facts, probe

__all__ = ["CARD", "Card", "Facts", "colour", "cover", "icons", "probe", "smaller"]
