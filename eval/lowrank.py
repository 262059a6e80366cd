"""Low-rank additions to matrices that stay as they are (LoRA, Hu et al. 2021)."""

import math

import torch
from torch import nn
from torch.nn import functional

SCALE = 2.0  # how much an addition counts


class Adapter(nn.Module):
    """What is added to a matrix: the product of two narrow ones, nothing before training."""

    def __init__(self, matrix: torch.Tensor, rank: int) -> None:
        super().__init__()
        wide, deep = matrix.shape
        self.a = nn.Parameter(torch.randn(rank, deep, device=matrix.device) / math.sqrt(deep))
        self.b = nn.Parameter(torch.zeros(wide, rank, device=matrix.device))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Give what the adapter adds."""
        narrow = functional.linear(given, self.a.to(given.dtype))
        return functional.linear(narrow, self.b.to(given.dtype)) * SCALE
