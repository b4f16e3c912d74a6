"""Prepares the process that workers are forked from, where they are: what each would do again is done once.

It is imported for that, and by nothing else.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from podcast_kit.errors import PodcastKitError
from podcast_kit.site import compile_page_templates
from podcast_kit.source.notes import prepare_parser

prepare_parser()
with suppress(PodcastKitError, OSError):  # reported where it is needed
    compile_page_templates()
gc.freeze()  # what is here stays, and need not be looked at again
