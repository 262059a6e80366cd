"""What retelling and both trainings are told on the command line, and the articles they read."""

import argparse
from pathlib import Path
from types import MappingProxyType

import torch

from rag.models import locate
from rag.reranker import BASE
from rag.settings import load_settings

from .groups import Article, Retold, read_articles
from .scorer import Meanings
from .synonyms import FOLDER, Thesaurus

NOT_RETOLD: Retold = MappingProxyType({})


def options(description: str | None, example: str) -> argparse.ArgumentParser:
    """Describe the options; ``example`` is a file that may be written."""
    best = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of the outside data")
    parser.add_argument("--squad1", type=Path, required=True, help="train-v1.1.json")
    parser.add_argument("--out", type=Path, required=True, help=f"such as {example}")
    parser.add_argument("--wordnet", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--device", choices=("cuda", "cpu"), default=best)
    return parser


def base_network() -> Path:
    """Find the embedder whose network the reranker is."""
    return locate(BASE, load_settings().home)


def articles_of(
    given: argparse.Namespace, retold: Retold = NOT_RETOLD, part: int | None = None
) -> list[Article]:
    """Read the articles of all sets that are given, with the embedder's nearness."""
    meanings = Meanings(base_network(), given.device)
    thesaurus = Thesaurus.open(given.wordnet)
    return read_articles(given.data, given.squad1, thesaurus, meanings, retold, part)
