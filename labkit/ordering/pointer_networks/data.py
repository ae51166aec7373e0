"""Data: uniform points with solved problems, cached; and the authors' text files."""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from labkit import paths
from labkit.ordering.pointer_networks.geometry import delaunay_target, hull_target
from labkit.ordering.pointer_networks.tours import HEURISTICS, canonical_tour, tsp_exact_tours

END = -1
LEAST = {"hull": 3, "delaunay": 3, "tsp": 2}


@dataclass(frozen=True)
class Instances:
    """Points (padded with 0) and their targets (padded with END, of which at least one stands in each row)."""

    points: Tensor
    lengths: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.points)

    def rows(self, index: Tensor | slice, device: torch.device | None = None) -> "Instances":
        """Some of them, cut to their longest."""
        points, lengths, targets = (part[index] for part in (self.points, self.lengths, self.targets))
        n = int(lengths.max())
        m = int((targets != END).sum(-1).max()) + 1
        parts = points[:, :n], lengths, targets[:, :m]
        return Instances(*(part.to(device) if device is not None else part for part in parts))

    def each(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Every instance's points and target, without padding and END."""
        for p, n, t in zip(self.points, self.lengths.tolist(), self.targets, strict=True):
            yield p[:n], t[t != END]


def solve(task: str, points: Tensor, teacher: str = "optimal") -> Tensor:
    """The flat target of one instance (section 3), without END."""
    if task == "hull":
        return hull_target(points)
    if task == "delaunay":
        return delaunay_target(points).flatten()
    return tsp_exact_tours(points[None])[0][0] if teacher == "optimal" else HEURISTICS[teacher](points)


def make_dataset(
    task: str,
    sizes: Sequence[int],
    count: int,
    seed: int,
    teacher: str = "optimal",
    *,
    cache: bool = True,
) -> Instances:
    """`count` instances of uniform points in the unit square, their sizes drawn from `sizes`, solved.

    Args:
        teacher: who solves the tours. cache: keep them as an npz file, and read that file next time.

    Raises:
        ValueError: an unknown task or teacher, a size too small, or a count below 1.
    """
    if task not in LEAST:
        raise ValueError(f"task: {task!r}; choose from {', '.join(LEAST)}")
    if teacher not in ("optimal", *HEURISTICS):
        raise ValueError(f"teacher: {teacher!r}; choose from optimal, {', '.join(HEURISTICS)}")
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    sizes = tuple(sizes)
    if not sizes or min(sizes) < LEAST[task]:
        raise ValueError(f"sizes must be at least {LEAST[task]} for {task}; got {sizes}")
    key = hashlib.sha256(repr((task, sizes, count, seed, teacher, 1)).encode()).hexdigest()[:16]
    file = paths.downloads().parent / "cache" / f"pointer_networks-{task}-{key}.npz"
    if cache and file.is_file():
        with np.load(file) as stored:
            return Instances(*(torch.from_numpy(stored[name]) for name in ("points", "lengths", "targets")))
    made = _make(task, sizes, count, seed, teacher)
    if cache:
        file.parent.mkdir(parents=True, exist_ok=True)
        names = {"points": made.points, "lengths": made.lengths, "targets": made.targets}
        partial = file.with_name(f"{file.stem}-{seed}.part.npz")
        np.savez(partial, **{name: value.numpy() for name, value in names.items()})
        partial.replace(file)
    return made


def _make(task: str, sizes: tuple[int, ...], count: int, seed: int, teacher: str) -> Instances:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    chosen = torch.randint(len(sizes), (count,), generator=generator, device="cpu")
    lengths = torch.tensor(sizes, device="cpu")[chosen]
    points = torch.rand(count, max(sizes), 2, generator=generator, device="cpu")
    points[torch.arange(max(sizes), device="cpu") >= lengths[:, None]] = 0.0
    answers: list[Tensor | None] = [None] * count
    if task == "tsp" and teacher == "optimal":
        for n in set(sizes):
            rows = (lengths == n).nonzero().flatten()
            if len(rows):
                for row, tour in zip(rows.tolist(), tsp_exact_tours(points[rows, :n])[0], strict=True):
                    answers[row] = tour
    else:
        answers = [solve(task, p[:n], teacher) for p, n in zip(points, lengths.tolist(), strict=True)]
    return Instances(points, lengths, pad(answers))


def pad(answers: Sequence[Tensor]) -> Tensor:
    """Flat answers as rows of one tensor, each followed by at least one END."""
    out = torch.full((len(answers), max(map(len, answers)) + 1), END, device="cpu")
    for row, answer in zip(out, answers, strict=True):
        row[: len(answer)] = answer
    return out


def shuffled_targets(data: Instances, generator: torch.Generator) -> Instances:
    """Hulls from a random start in a random direction: as good an answer, but no longer the canonical one."""
    answers = []
    for _, target in data.each():
        ring = target[:-1]
        ring = ring.roll(int(torch.randint(len(ring), (), generator=generator, device="cpu")))
        if torch.rand((), generator=generator, device="cpu") < 0.5:
            ring = ring.flip(0)
        answers.append(torch.cat([ring, ring[:1]]))
    return Instances(data.points, data.lengths, pad(answers))


def read_paper_file(path: str | Path) -> Instances:
    """The authors' format: `x1 y1 x2 y2 ... output i1 i2 ... im`, 1-based, one instance a line; plain or in a zip.

    The text says neither the task nor where tours start; a repeated first index at the end stays, as hulls have it. For
    tours take it off and use `canonical_tour`.

    Raises:
        ValueError: a line without ` output `, half a point, or an index that is no point; names the line.
    """
    path = Path(path)
    points, answers = [], []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        left, found, right = line.partition(" output ")
        where = f"{path.name}, line {number}"
        if not found:
            raise ValueError(f"{where}: there is no ' output ' in it")
        try:
            numbers, indices = [float(w) for w in left.split()], [int(w) for w in right.split()]
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        if len(numbers) % 2 or not numbers:
            raise ValueError(f"{where}: {len(numbers)} coordinates are no whole points")
        n = len(numbers) // 2
        if not all(1 <= i <= n for i in indices):
            raise ValueError(f"{where}: indices must be from 1 to {n}")
        points.append(torch.tensor(numbers, dtype=torch.float32, device="cpu").view(-1, 2))
        answers.append(torch.tensor(indices, dtype=torch.long, device="cpu") - 1)
    if not points:
        raise ValueError(f"{path.name}: no instances in it")
    lengths = torch.tensor([len(p) for p in points], device="cpu")
    whole = torch.nn.utils.rnn.pad_sequence(points, batch_first=True)
    return Instances(whole, lengths, pad(answers))


def _lines(path: Path) -> Iterator[str]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield from archive.read(name).decode().splitlines()
    else:
        yield from path.read_text().splitlines()


def tours_from_file(data: Instances) -> Instances:
    """A tour file's instances with this lab's canonical tours."""
    answers = [canonical_tour(p, t[:-1] if t[0] == t[-1] else t) for p, t in data.each()]
    return Instances(data.points, data.lengths, pad(answers))
