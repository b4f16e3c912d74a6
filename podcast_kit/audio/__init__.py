"""Audio files: probed, and tagged in a copy. The only home of mutagen and the codecs."""
