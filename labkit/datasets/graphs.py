"""Small graphs that colour refinement (1-WL) cannot tell apart, and all connected graphs of a few nodes.

Every graph is a symmetric adjacency matrix of zeros and ones, float64, on the CPU.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from labkit.datasets.registry import dataset

if TYPE_CHECKING:
    import networkx


def adjacency(graph: "networkx.Graph") -> Float[Tensor, "n n"]:
    """A networkx graph as a matrix."""
    import networkx

    return torch.from_numpy(networkx.to_numpy_array(graph)).double()


@cache
def _atlas(nodes: int) -> tuple[Tensor, ...]:
    import networkx

    found = (g for g in networkx.graph_atlas_g() if g.number_of_nodes() == nodes and networkx.is_connected(g))
    return tuple(adjacency(g) for g in found)


def connected_graphs(nodes: int) -> list[Float[Tensor, "n n"]]:
    """Every connected graph with so many nodes, up to isomorphism: 1 to 7 from networkx's atlas, 8 from graph8c.g6.

    Raises:
        ValueError: another number of nodes. Missing: the file of the graphs with 8 nodes is not here.
    """
    if not 1 <= nodes <= 8:
        raise ValueError(f"nodes must be from 1 to 8; got {nodes}")
    if nodes < 8:
        return list(_atlas(nodes))
    import networkx

    lines = dataset("graph8c").path().read_bytes().split()
    return [adjacency(networkx.from_graph6_bytes(line)) for line in lines]


def cycle(n: int) -> Float[Tensor, "n n"]:
    """The cycle of n nodes."""
    return circular_skip_links(n, 1)


def circular_skip_links(n: int, skip: int) -> Float[Tensor, "n n"]:
    """CSL(n; skip): a cycle, with links from every node to the one `skip` further on."""
    A = torch.zeros(n, n, dtype=torch.float64, device="cpu")
    here = torch.arange(n, device="cpu")
    for step in (1, skip):
        A[here, (here + step) % n] = 1
        A[(here + step) % n, here] = 1
    return A


def disjoint(*graphs: Float[Tensor, "_ _"]) -> Float[Tensor, "n n"]:
    """The graphs side by side, without an edge between."""
    return torch.block_diag(*graphs)


def _from_edges(n: int, edges: list[tuple[int, int]]) -> Tensor:
    A = torch.zeros(n, n, dtype=torch.float64, device="cpu")
    for i, j in edges:
        A[i, j] = A[j, i] = 1
    return A


def decalin() -> Float[Tensor, "10 10"]:
    """Two hexagons that share an edge."""
    return _from_edges(10, [*((i, (i + 1) % 10) for i in range(10)), (0, 5)])


def bicyclopentyl() -> Float[Tensor, "10 10"]:
    """Two pentagons joined by an edge."""
    rings = [(5 * ring + i, 5 * ring + (i + 1) % 5) for ring in (0, 1) for i in range(5)]
    return _from_edges(10, [*rings, (0, 5)])


def rook() -> Float[Tensor, "16 16"]:
    """The 4 x 4 rook's graph: squares of a board, joined when they share a row or a column; SR(16, 6, 2, 2)."""
    row, column = torch.arange(16, device="cpu") // 4, torch.arange(16, device="cpu") % 4
    joined = (row[:, None] == row) ^ (column[:, None] == column)
    return joined.double()


def shrikhande() -> Float[Tensor, "16 16"]:
    """Shrikhande's graph, SR(16, 6, 2, 2) too: Z_4 x Z_4, joined when they differ by +-(0,1), +-(1,0) or +-(1,1)."""
    x, y = torch.arange(16, device="cpu") // 4, torch.arange(16, device="cpu") % 4
    apart = torch.stack([(x[:, None] - x) % 4, (y[:, None] - y) % 4], -1)
    steps = torch.tensor([[0, 1], [0, 3], [1, 0], [3, 0], [1, 1], [3, 3]], device="cpu")
    return (apart[:, :, None] == steps).all(-1).any(-1).double()


def hard_pairs() -> dict[str, tuple[Tensor, Tensor]]:
    """Named pairs that 1-WL cannot tell apart."""
    return {
        "C6, 2 C3": (cycle(6), disjoint(cycle(3), cycle(3))),
        "decalin, bicyclopentyl": (decalin(), bicyclopentyl()),
        "CSL(41; 2), CSL(41; 3)": (circular_skip_links(41, 2), circular_skip_links(41, 3)),
        "rook 4x4, Shrikhande": (rook(), shrikhande()),
    }


CSL_SKIPS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)


@dataclass(frozen=True)
class Lifts:
    """2-lifts of random graphs with one odd cycle, padded with absent nodes.

    Attributes:
        A: (count, nodes, nodes). present: which nodes are there. label: 1 for the connected double cover, which is
            bipartite; 0 for two copies, which are not. nodes: of each.
    """

    A: Float[Tensor, "count n n"]
    present: Bool[Tensor, "count n"]
    label: Int[Tensor, " count"]


def _unicyclic(cycle_length: int, nodes: int, generator: torch.Generator) -> list[tuple[int, int]]:
    """An odd cycle with random trees hanging from it; the first edge is one of the cycle."""
    edges = [(i, (i + 1) % cycle_length) for i in range(cycle_length)]
    for new in range(cycle_length, nodes):
        edges.append((new, int(torch.randint(new, (), generator=generator, device="cpu"))))
    return edges


def lifts(
    count: int,
    generator: torch.Generator,
    *,
    cycles: tuple[int, ...] = (3, 5),
    trees: tuple[int, int] = (1, 4),
) -> Lifts:
    """Pairs of graphs that 1-WL cannot tell apart, as a data set to classify: is the graph bipartite?

    Two copies of a graph with one odd cycle (label 0), or its double cover, in which one edge of the cycle is
    crossed (label 1). Every node sees the same around it, however far it looks by colour refinement; only the second
    is bipartite, the first has no 2-colouring (the satisfiability question of the EXP data set, in small). The nodes
    stand in random order.

    Args:
        count: graphs, half of each label: graphs 2i and 2i + 1 are lifts of the same base.
        cycles: lengths, odd. trees: the smallest and largest number of further nodes.

    Raises:
        ValueError: an even cycle.
    """
    if any(length % 2 == 0 or length < 3 for length in cycles):
        raise ValueError(f"cycles must hold odd lengths from 3; got {cycles}")
    size = 2 * (max(cycles) + trees[1])
    A = torch.zeros(count, size, size, dtype=torch.float64, device="cpu")
    present = torch.zeros(count, size, dtype=torch.bool, device="cpu")
    for index in range(0, count, 2):
        length = cycles[int(torch.randint(len(cycles), (), generator=generator, device="cpu"))]
        more = int(torch.randint(trees[0], trees[1] + 1, (), generator=generator, device="cpu"))
        n = length + more
        edges = _unicyclic(length, n, generator)
        for label in range(min(2, count - index)):
            order = torch.randperm(2 * n, generator=generator, device="cpu")
            for number, (i, j) in enumerate(edges):
                crossed = n if label == 1 and number == 0 else 0
                for a, b in ((i, j + crossed), (i + n, (j + n + crossed) % (2 * n))):
                    A[index + label, order[a], order[b]] = A[index + label, order[b], order[a]] = 1
            present[index + label, : 2 * n] = True
    return Lifts(A, present, torch.arange(count, device="cpu") % 2)
