"""How large and how slow foreign input may be: what is over a limit is refused at once, with a problem that names it.

The reference page of limits is generated from these and from the limits of each parser.
A test feeds each parser hostile input of these sizes.
"""

from __future__ import annotations

MAX_NOTES_BYTES = 256_000
"""The size of a novella, of the notes of one episode."""
MAX_HTML_DEPTH = 100
"""HTML elements that are open at the same time; parsers take quadratic time for more."""
MAX_URL_LEN = 2_000
"""Characters of a bare URL in notes; longer ones stay text."""
SOCKET_TIMEOUT_S = 30
"""How long a server may send nothing."""
RESPONSE_TIMEOUT_S = 60
"""How long one response may take in total, with redirects, headers and body; of a download, redirects and headers."""
MAX_FOLLOWED_REDIRECTS = 10
SPEED_WINDOW_S = 30
MIN_DOWNLOAD_SPEED = 1_000
"""Bytes per second; a download that is slower for SPEED_WINDOW_S is ended."""
MIN_AVERAGE_SPEED = 100_000
"""A download may take RESPONSE_TIMEOUT_S, and the time that the largest file allowed takes at this speed, in bytes per
second."""
MAX_HOST_TIMEOUTS = 3
"""After so many timeouts in a row a host is not asked again in the same run."""
MAX_DECODER_MEMORY_BYTES = 3_000_000_000
"""Address space of the process that decodes pictures and sound of strangers; a picture of 50 megapixels needs half."""
MAX_DECODER_CPU_S = 60
"""CPU time that decoding one picture of a stranger may take."""
MAX_MASTERING_CPU_S = 3_600
"""CPU time that mastering one recording of a stranger may take."""
MAX_UNTRUSTED_RECORDING_BYTES = 2_000_000_000
"""Size of a recording that `check --untrusted` reads: three hours of WAV."""
MAX_UNTRUSTED_RECORDING_HOURS = 12
"""Length of a recording that `check --untrusted` decodes: a FLAC of 14 MB can hold 20 hours of silence."""
MAX_MASTERED_BYTES = 2_000_000_000
"""Size of a file that mastering a recording of a stranger may write."""
MAX_TEMPLATE_BYTES = 1_000_000
MAX_TEMPLATE_TOKENS = 30_000
"""Names, values, signs and pieces of text in one template; the largest default one has 3,000."""
MAX_STRINGS_BYTES = 20_000
"""Size of a file in templates/strings/; the default ones have 6,000."""
MAX_TEMPLATE_SECONDS = 10
"""How long one page may take to render."""
MAX_TEMPLATE_TOTAL_SECONDS = 60
MAX_AVERAGE_TEMPLATE_SECONDS = 1
"""How long a page may take on average, once all pages together have taken MAX_TEMPLATE_TOTAL_SECONDS."""
MAX_TEMPLATE_STEPS = 5_000_000
"""Loop passes, calls, filters and expressions that rendering one page may take."""
MAX_TEMPLATE_OUTPUT_CHARS = 64_000_000
MAX_TEMPLATE_VALUE_LEN = 5_000_000
"""Characters or elements of a text or list that a template makes."""
MAX_SNAPSHOT_BYTES = 150_000_000
"""Size of what a store's record has of the files of a show, decompressed: twice that of a show of 50,000 episodes."""
