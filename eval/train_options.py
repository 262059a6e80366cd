"""What both trainings are told on the command line, and the articles they then read."""

import argparse
from pathlib import Path

import torch

from rag.models import locate
from rag.reranker import BASE
from rag.settings import load_settings

from .groups import Article, read_articles, read_retold
from .scorer import Meanings
from .synonyms import FOLDER, Thesaurus


def options(description: str | None, example: str) -> argparse.ArgumentParser:
    """Describe the options; ``example`` is a file that may be written."""
    best = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of the outside data")
    parser.add_argument("--squad1", type=Path, required=True, help="train-v1.1.json")
    parser.add_argument("--out", type=Path, required=True, help=f"such as {example}")
    parser.add_argument("--retold", type=Path, help="what `python -m eval.retell` wrote")
    parser.add_argument("--part", type=int, help="only so many articles, and what was retold")
    parser.add_argument("--wordnet", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--device", choices=("cuda", "cpu"), default=best)
    return parser


def base_network() -> Path:
    """Find the embedder whose network the reranker is."""
    return locate(BASE, load_settings().home)


def articles_of(given: argparse.Namespace) -> list[Article]:
    """Read the articles of all sets that are given, with the embedder's nearness."""
    meanings = Meanings(base_network(), given.device)
    retold = read_retold(given.retold) if given.retold else {}
    thesaurus = Thesaurus.open(given.wordnet)
    return read_articles(given.data, given.squad1, thesaurus, meanings, retold, given.part)
