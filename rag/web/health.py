"""What a load balancer and a person want to know first: does it work, and over what."""

from typing import Any

from rag.errors import IndexFault
from rag.pipeline import Rag
from rag.settings import VERSION
from rag.web.engine import Engine


def health(engine: Engine) -> tuple[int, dict[str, Any]]:
    """Give an HTTP status (200 only when questions are answered at once) and what to tell.

    An index in a database is asked whether it is there, and followed to its newest generation.
    """
    if isinstance(engine, Rag):
        try:
            engine.index.refresh()
        except IndexFault:  # the message names the database; whoever asks here has shown no token
            return 503, {"status": "index unreachable", "version": VERSION}
    articles = engine.articles
    dates = sorted(article.date for article in articles if article.date)
    told = {
        "status": engine.state,
        "version": VERSION,
        "articles": len(articles),
        "characters": sum(len(article.text) for article in articles),
        "first_date": dates[0] if dates else None,
        "last_date": dates[-1] if dates else None,
    }
    return (200 if engine.state == "ready" else 503), told
