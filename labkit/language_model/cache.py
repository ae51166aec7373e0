"""The keys and values of what a model has read: appended to, cut, and rearranged."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Cache:
    """Keys and values of every layer, each (batch, heads, length, dim). One object for all backends."""

    def __init__(self):
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def __len__(self) -> int:
        """How many positions it holds."""
        return self.keys[0].shape[2] if self.keys else 0

    def update(
        self,
        k: Float[Tensor, "batch heads new dim"],
        v: Float[Tensor, "batch heads new dim"],
        layer: int,
    ) -> tuple[Float[Tensor, "batch heads length dim"], Float[Tensor, "batch heads length dim"]]:
        """Append to a layer, and return all of its keys and values."""
        if layer == len(self.keys):
            self.keys.append(k)
            self.values.append(v)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], k], dim=2)
            self.values[layer] = torch.cat([self.values[layer], v], dim=2)
        return self.keys[layer], self.values[layer]

    def drop(self, n: int) -> None:
        """Forget the last n positions.

        Raises:
            ValueError: it does not hold so many.
        """
        if not 0 <= n <= len(self):
            raise ValueError(f"n must be from 0 to the cache's length {len(self)}; got {n}")
        self._map(lambda part: part[:, :, : part.shape[2] - n])

    def rows(self, index: Int[Tensor, " rows"]) -> "Cache":
        """A cache of these rows of the batch; a row may occur several times."""
        found = Cache()
        found.keys = [part[index] for part in self.keys]
        found.values = [part[index] for part in self.values]
        return found

    def shift(self, source: int, target: int, keep: int) -> None:
        """Move `keep` positions from `source` on to `target` on; what follows is forgotten.

        Rotary keys keep the angles of the positions that they were read at.

        Raises:
            ValueError: source or target lie outside of what it holds.
        """
        if not (0 <= target <= source and keep >= 0 and source + keep <= len(self)):
            raise ValueError(
                f"source, target and keep must satisfy 0 <= target <= source and source + keep <= {len(self)}; "
                f"got {source}, {target}, {keep}"
            )
        self._map(lambda part: torch.cat([part[:, :, :target], part[:, :, source : source + keep]], dim=2))

    def _map(self, change) -> None:
        self.keys = [change(part) for part in self.keys]
        self.values = [change(part) for part in self.values]
