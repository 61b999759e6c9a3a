"""Text within Markdown: no name from a cluster may make a link, a mention, a cell, a heading or HTML."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:])")


def escape(text: object) -> str:
    """The text as Markdown that reads as that text; an @ is kept from becoming a mention."""
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found[1])};" if found[1] in "<>&|`" else f"\\{found[1]}", str(text))
    return escaped.replace("@", "@\u2060").replace("\n", " ")


def fenced(text: object, language: str = "") -> str:
    """A block of code with a fence that is longer than any in it."""
    body = str(text)
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"
