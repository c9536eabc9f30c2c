"""Remove indentation and icons from the HTML of a page."""

import re


def compact(html: str) -> str:
    """Remove icons, line breaks next to tags, and spaces before `>`. Turn other line breaks into single spaces."""
    html = re.sub(r'<svg class="icon".*?</svg>', "", html)
    html = re.sub(r"\s*\n\s*(?=<)|(?<=>)\s*\n\s*", "", html.strip())
    return re.sub(r"\s+(?=>)", "", re.sub(r"\s*\n\s*", " ", html))
