"""Text that a page holds and its readers do not see; it is not part of the article.

Orders to language models are planted in this way. Only what an element says of itself is looked
at: style sheets are not read, so a class that hides is not noticed.
"""

import re
from collections.abc import Mapping
from typing import Any

_TAGS = frozenset({"template", "noscript", "script", "style"})
_STYLES = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|font-size:0(?![.\d]*[1-9])"
    r"|(?<![-\w])opacity:0(?![.\d]*[1-9])|(?:left|top|right|text-indent|margin-left):-\d{4,}"
    r"|clip:rect\(0|clip-path:inset\((?:50|100)%"
)
_WHITE = re.compile(r"#fff(?:fff)?|white|rgba?\(255,255,255[^)]*\)|transparent|rgba\([^)]*,0\)")


def drop_hidden(page: Any) -> None:  # noqa: ANN401 - an lxml element
    """Take everything out of a page that it hides from its readers, and its comments."""
    for node in [*page.iter()]:
        comment = not isinstance(node.tag, str)
        if node.getparent() is not None and (comment or _hides(node)):
            node.drop_tree()


def _hides(node: Any) -> bool:  # noqa: ANN401 - an lxml element
    if node.tag in _TAGS:
        # what a page says of itself for machines stays: its date stands in there
        return "ld+json" not in node.get("type", "")
    style = _squeezed(node.get("style"))
    hidden = "hidden" in node.attrib and node.tag not in ("html", "body")
    return hidden or _STYLES.search(style) is not None or _paper_on_paper(node, style)


def _paper_on_paper(node: Any, style: str) -> bool:  # noqa: ANN401 - an lxml element
    """Whether text is white on a page that nowhere says it is dark, or as its own background."""
    told = _declared(style)
    colour = told.get("color") or _squeezed(node.get("color"))
    if not colour:
        return False
    if colour == (told.get("background-color") or told.get("background")):
        return True
    around = [node, *node.iterancestors()]
    dark = any("background" in _squeezed(n.get("style")) or n.get("bgcolor") for n in around)
    return _WHITE.fullmatch(colour) is not None and not dark


def _declared(style: str) -> Mapping[str, str]:
    parts = (part.partition(":") for part in style.split(";"))
    return {name: value.removesuffix("!important") for name, _, value in parts if value}


def _squeezed(value: str | None) -> str:
    return "".join((value or "").lower().split())
