"""What a command printed in a terminal, as an SVG picture."""

import html

LINE, SIZE, PAD = 20, 14, 16
COLOURS = {"+": "#7ee787", "~": "#f2cc60", "$": "#79c0ff", "-": "#ff7b72"}


def picture(lines: list[str], title: str) -> str:
    """The lines in a dark window; the first character of a line gives its colour."""
    width = round(max(len(line) for line in lines) * SIZE * 0.602) + 2 * PAD
    height = len(lines) * LINE + 2 * PAD
    rows = "\n".join(
        f'<text x="{PAD}" y="{PAD + LINE * number - 5}" fill="{COLOURS.get(line[:1], "#e6edf3")}" '
        f'xml:space="preserve">{html.escape(line)}</text>'
        for number, line in enumerate(lines, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{SIZE}">\n'
        f"<title>{html.escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>\n{rows}\n</svg>\n'
    )
