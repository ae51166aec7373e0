"""Sorting a graph: the rows that nodes are sorted by, the orders that sort them, the size of the frame."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc
from torch import Tensor

from labkit.datasets import connected_graphs
from labkit.datasets.graphs import (
    bicyclopentyl,
    circular_skip_links,
    cycle,
    decalin,
    disjoint,
    rook,
    shrikhande,
)
from labkit.demo import Label, demo
from labkit.equivariance.actions import permute_nodes
from labkit.equivariance.frame_averaging import figures
from labkit.equivariance.frame_averaging.method import (
    frame_size,
    framed,
    laplacian_node_matrix,
    sample_permutation_frame,
    sorted_with_ties,
)

GRAPHS: dict[str, Callable[[], Tensor]] = {
    "a graph of 6 nodes": lambda: connected_graphs(6)[60],
    "a graph of 7 nodes": lambda: connected_graphs(7)[341],
    "its 1-WL partner": lambda: connected_graphs(7)[343],
    "C6": lambda: cycle(6),
    "2 C3": lambda: disjoint(cycle(3), cycle(3)),
    "decalin": decalin,
    "bicyclopentyl": bicyclopentyl,
    "CSL(11; 2)": lambda: circular_skip_links(11, 2),
    "rook 4x4": rook,
    "Shrikhande": shrikhande,
}
GraphName = Literal[
    "a graph of 6 nodes",
    "a graph of 7 nodes",
    "its 1-WL partner",
    "C6",
    "2 C3",
    "decalin",
    "bicyclopentyl",
    "CSL(11; 2)",
    "rook 4x4",
    "Shrikhande",
]


@lru_cache(maxsize=32)
def places(name: str) -> Tensor:
    """Where a graph's nodes are drawn: networkx's layout by spring forces, always the same."""
    import networkx

    graph = networkx.from_numpy_array(GRAPHS[name]().numpy())
    found = (
        networkx.kamada_kawai_layout(graph)
        if networkx.is_connected(graph)
        else networkx.spring_layout(graph, seed=2)
    )
    return torch.tensor([found[i].tolist() for i in range(len(found))], dtype=torch.float64, device="cpu")


@demo("Sorting a graph: the frame of its nodes' orders")
def sorting_a_graph(
    graph: Annotated[
        GraphName, doc("the last ones are vertex-transitive: all nodes alike")
    ] = "a graph of 6 nodes",
    relabel: Annotated[int, Interval(ge=0, le=99), Label("relabel the nodes"), doc("0: as they come")] = 0,
    tolerance: Annotated[
        Literal["with multiplicities", "every eigenvector alone"],
        Label("columns of S"),
        doc(
            "whether equal eigenvalues share one column; the second depends on the basis the algorithm returns"
        ),
    ] = "with multiplicities",
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Nodes with the same row of S have the same colour: those the frame cannot tell apart, and takes in every order.
    Relabel the nodes: numbers move, colours stay, and the sorted adjacency matrices below are the same set. Look at the
    bar: a graph without symmetry has one order; with every symmetry the frame grows, up to all n! for graphs whose
    nodes are all alike. Give every eigenvector a column of its own, on C6: now the colours are an accident of the
    basis, and relabelling changes the matrices.
    """
    A, at = GRAPHS[graph](), places(graph)
    n = len(A)
    if relabel:
        order = torch.randperm(n, generator=torch.Generator(device="cpu").manual_seed(relabel), device="cpu")
        A, at = permute_nodes(A, order), at[order]
    alone = tolerance == "every eigenvector alone"
    S = laplacian_node_matrix(A, tol=-1.0) if alone else laplacian_node_matrix(A)
    if alone:
        rows = [tuple(row) for row in S.tolist()]
        distinct = sorted(set(rows))
        rank = [distinct.index(row) for row in rows]
        sorting_order = torch.tensor(sorted(range(n), key=rank.__getitem__), device="cpu")
        copies, size = permute_nodes(A, sorting_order)[None], 1
        for tied in set(rank):
            for already in range(2, rank.count(tied) + 1):
                size *= already
    else:
        order, ties = sorted_with_ties(A)
        rank = [0] * n
        for number, start, count in zip(range(n), _starts(ties), ties, strict=False):
            for node in order[start : start + count]:
                rank[node] = number
        size = frame_size(A)
        if size <= 720:
            copies = framed(A)
        else:
            chosen = sample_permutation_frame(A, 24, torch.Generator(device="cpu").manual_seed(0))
            copies = permute_nodes(A.expand(24, -1, -1), chosen)
    different = torch.unique(copies, dim=0)
    return (
        figures.sorting(A, S, at, rank, title=f"{graph}: {len(set(rank))} kinds of nodes of {n}"),
        figures.sorted_copies(
            different, title="Sorted adjacency matrices, the different ones", whole=len(different)
        ),
        figures.frame_sizes({"|F(A)|": size}, n, title="The frame against all permutations"),
    )


def _starts(sizes: list[int]) -> list[int]:
    return [sum(sizes[:i]) for i in range(len(sizes))]
