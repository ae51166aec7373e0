"""Graphs that 1-WL cannot tell apart: which networks can, untrained; and can it be learned?"""

import math
from collections import defaultdict
from itertools import combinations

import torch
from torch import Tensor, nn

from labkit.datasets import connected_graphs, hard_pairs, lifts
from labkit.datasets.graphs import CSL_SKIPS, Lifts, circular_skip_links
from labkit.device import seed_everything
from labkit.equivariance.actions import permute_nodes
from labkit.equivariance.frame_averaging.experiment.settings import Classify, FrameSettings
from labkit.equivariance.frame_averaging.method import (
    AdjacencyMLP,
    DenseGIN,
    frame_size,
    sample_within_ties,
    separates,
    tie_groups,
    wl_colours,
)
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.training import epochs, fit


def confused_pairs(graphs: list[Tensor]) -> list[tuple[int, int]]:
    """The pairs that 1-WL cannot tell apart."""
    alike = defaultdict(list)
    for index, A in enumerate(graphs):
        alike[wl_colours(A)].append(index)
    return [pair for members in alike.values() for pair in combinations(members, 2)]


def untrained(name: str, nodes: int, seed: int) -> nn.Module:
    """A random network of that name, in double precision."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name.endswith("MLP"):
            return AdjacencyMLP(nodes).double()
        return DenseGIN(nodes, identity=name.endswith("ID")).double()


@torch.no_grad()
def separation(settings: FrameSettings, run: Run) -> None:
    """How many of the hard pairs each network separates; and the control, that copies of one graph are not."""
    task = settings.separation
    graphs = connected_graphs(task.nodes)
    run.uses(f"all {len(graphs)} connected graphs of {task.nodes} nodes")
    sizes = [frame_size(A) for A in graphs]
    for size in sizes:
        run.measure("frame size", size)
    pairs = confused_pairs(graphs)
    run.measure("pairs", len(pairs))
    # the members of all pairs, and of each a copy with its nodes in another order
    members = sorted({index for pair in pairs for index in pair})
    generator = run.generator()
    copies = [
        permute_nodes(graphs[i], torch.randperm(task.nodes, generator=generator, device="cpu"))
        for i in members
    ]
    shown = [graphs[i] for i in members] + copies
    place = {index: position for position, index in enumerate(members)}
    for name, frame in (("GIN", False), ("FA-GIN+ID", True), ("FA-MLP", True), ("MLP", False)):
        found = separates(
            lambda seed, name=name: untrained(name, task.nodes, seed),
            shown,
            range(1000 * run.seed, 1000 * run.seed + task.seeds),
            frame=frame,
        )
        run.measure("separated", sum(bool(found[place[a], place[b]]) for a, b in pairs), model=name)
        confused = found[range(len(members)), range(len(members), 2 * len(members))]
        run.measure("copies told apart", int(confused.sum()), model=name)
    named = hard_pairs() | {f"CSL(41; {k})": (circular_skip_links(41, k),) for k in CSL_SKIPS}
    for name, alike in named.items():
        for A in alike:
            size = frame_size(A)
            run.measure("log10 frame size", math.log10(size), graph=name, nodes=len(A))
            run.measure("frame is all of S_n", size == math.factorial(len(A)), graph=name, nodes=len(A))


def orders_of(data: Lifts) -> tuple[Tensor, Tensor]:
    """For every graph a sorting order, and the tie group of each place; absent nodes stay last, each alone."""
    count, size = data.present.shape
    order = torch.arange(size, device="cpu").expand(count, -1).clone()
    group = order + size
    for index, present in enumerate(data.present.sum(1).tolist()):
        order[index, :present], group[index, :present] = tie_groups(data.A[index, :present, :present])
    return order, group


def _logits(model: nn.Module, A: Tensor, present: Tensor, order: Tensor, group: Tensor, generator) -> Tensor:
    copies = permute_nodes(A, sample_within_ties(order, group, generator))
    return model(copies, present)[:, 0]


def classify(settings: FrameSettings, run: Run) -> None:
    """Is it the double cover? GIN; and GIN with identities under the frame (FA), or any order of the nodes (GA)."""
    task: Classify = settings.classify
    run.uses("generated 2-lifts")
    sets = {
        split: lifts(count, run.generator(stream), cycles=task.cycles, trees=task.trees)
        for stream, (split, count) in enumerate({"train": task.train, "test": task.test}.items())
    }
    train = sets["train"]
    framed = {split: orders_of(data) for split, data in sets.items()}
    for position, name in enumerate(("GIN", "FA-GIN+ID", "GA-GIN+ID")):
        report = part(run.progress, position / 3, (position + 1) / 3, name)
        orders = framed
        if name.startswith("GA"):  # one tie group of all nodes; absent nodes stay last
            orders = {
                split: (
                    torch.arange(data.A.shape[1], device="cpu").expand(len(data.A), -1),
                    (~data.present).long(),
                )
                for split, data in sets.items()
            }
        seed_everything(run.seed)
        size = train.A.shape[1]
        model = DenseGIN(
            size, identity=name != "GIN", hidden=task.hidden, head=(10, 1), pool="mean", activation=torch.relu
        )
        indices = epochs(task.train, task.batch, run.seed)

        def batch(step: int, indices=indices, orders=orders):
            chosen = indices(step)
            order, group = (part[chosen] for part in orders["train"])
            copies = permute_nodes(
                train.A[chosen].float(), sample_within_ties(order, group, run.generator(10_000 + step))
            )
            return (
                copies.to(run.device),
                train.present[chosen].to(run.device),
                train.label[chosen].float().to(run.device),
            )

        fit(
            model,
            batch,
            lambda model, sample: nn.functional.binary_cross_entropy_with_logits(
                model(sample[0], sample[1])[:, 0], sample[2]
            ),
            torch.optim.Adam(model.parameters(), lr=task.rate),
            steps=task.steps,
            device=run.device,
            progress=report,
            checkpoint=run.checkpoint(name),
        )
        generator = run.generator(5)
        for split, data in sets.items():
            with torch.no_grad():
                mean = torch.stack(
                    [
                        _logits(model.cpu(), data.A.float(), data.present, *orders[split], generator)
                        for _ in range(task.copies)
                    ]
                ).mean(0)
            run.measure(
                "accuracy", ((mean > 0) == (data.label > 0)).double().mean().item(), model=name, split=split
            )
