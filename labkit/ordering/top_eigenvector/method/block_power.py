"""The power method over blocks of a stream: each step reads fresh rows."""

import warnings

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method.linear import chunks, random_start, unit


class BlockPower:
    """z_{t+1} = B_t^T B_t z_t / ||.||, where B_t are the rows of block t; fed chunk by chunk.

    Block t of `parts` holds the rows from floor(n t / parts) on. The last `weighing` parts do not move z but weigh
    it: sum of <a, z>^2. Unless it is `quiet`, it warns once of a block whose rows are all zero.

    Attributes:
        z: (k, d) orthonormal rows. best: the estimate. weight: the sum over the weighing part.
        stretch: ||B_t^T B_t z|| of the last block: times `parts`, a first idea of the eigenvalue.
    """

    def __init__(
        self,
        total: int,
        parts: int,
        start: Float[Tensor, "columns d"],
        weighing: int = 0,
        quiet: bool = False,
    ):
        if parts - weighing < 1 or total < parts:
            raise ValueError(
                f"blocks must be at least 1, and the stream needs a row for each of {parts} blocks; it has {total} rows"
            )
        self.total, self.parts, self.weighing = total, parts, weighing
        self.z, self.best = start, start[0]
        self.w = torch.zeros_like(start)
        self.block, self.weight, self.stretch, self._warned = 0, 0.0, 0.0, quiet

    def _ends(self, block: int) -> int:
        return self.total * (block + 1) // self.parts

    def update(self, rows: Float[Tensor, "chunk d"], first: int, light: Tensor | None = None) -> None:
        """Read rows, the first of which is the stream's number `first`.

        Args:
            light: (chunk,) which of them count; by default all. (The others still have their place in the stream.)
        """
        at = 0
        while at < len(rows):
            stop = min(len(rows), self._ends(self.block) - first)
            part = rows[at:stop].to(self.z.dtype)
            if light is not None:
                part = part[light[at:stop]]
            self.add(part)
            at = stop
            if first + stop == self._ends(self.block):
                self._end_block()

    def add(self, rows: Float[Tensor, "light d"]) -> None:
        """Let light rows count in the present block."""
        projected = rows @ self.z.T  # <a, z>
        if self.block >= self.parts - self.weighing:
            self.weight += projected[:, 0].square().sum().item()
        else:
            self.w = self.w + projected.T @ rows  # sum of a <a, z>

    def _end_block(self) -> None:
        if self.block < self.parts - self.weighing:
            length = torch.linalg.vector_norm(self.w, dim=1)
            self.stretch = length[0].item()
            if bool((length > 0).all()):
                if len(self.w) == 1:
                    self.z = self.w / length[:, None]
                    self.best = self.z[0]
                else:
                    # Rayleigh and Ritz: y the top eigenvector of Z^T B^T B Z, then one more step, B^T B Z y
                    ritz = self.z @ self.w.T
                    y = torch.linalg.eigh((ritz + ritz.T) / 2)[1][:, -1]
                    self.best = unit(y @ self.w, "row")
                    self.z = torch.linalg.qr(self.w.T)[0].T.contiguous()
            elif not self._warned:
                warnings.warn(
                    f"block {self.block} has no light row that is not zero: the vector is kept", stacklevel=4
                )
                self._warned = True
            self.w = torch.zeros_like(self.w)
        self.block += 1


def block_power(
    stream,
    blocks: int,
    start: Float[Tensor, " d"] | None = None,
    columns: int = 1,
    generator: torch.Generator | None = None,
) -> Float[Tensor, " d"]:
    """The block power method, which ignores that some rows are heavy.

    Args:
        blocks: T, each of about n / T consecutive rows. start: z_0; by default uniform on the sphere.
        columns: how many vectors are iterated, with a QR after each block; the last block's Ritz vector is the answer.
            Two vectors of memory a column.

    Raises:
        ValueError: fewer rows than blocks, blocks or columns below 1, a bad start or row, or all rows zero.
    """
    if not 1 <= columns <= stream.width:
        raise ValueError(f"columns must be from 1 to the width {stream.width}; got {columns}")
    if blocks < 1:
        raise ValueError(f"blocks must be at least 1; got {blocks}")
    z = random_start(stream, generator, start)[None].double()
    if columns > 1:
        more = torch.randn(columns - 1, stream.width, dtype=torch.float64, device="cpu", generator=generator)
        z = torch.linalg.qr(torch.cat([z, more]).T)[0].T.contiguous()
    runner, first, energy = None, 0, 0.0
    for rows in chunks(stream):
        if runner is None:
            runner = BlockPower(stream.rows, blocks, z.to(rows))
        runner.update(rows, first)
        energy += rows.square().sum().item()
        first += len(rows)
    if runner is None or energy == 0:
        raise ValueError("the stream has no non-zero row")
    return runner.best
