"""Moving bodies: MD17's molecules and Human3.6M's skeletons in their files, and generated ones in their place."""

import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

# Human3.6M's skeleton: each joint's parent, and its place relative to it in millimetres.
PARENTS = (
    -1,
    0,
    1,
    2,
    3,
    4,
    0,
    6,
    7,
    8,
    9,
    0,
    11,
    12,
    13,
    14,
    12,
    16,
    17,
    18,
    19,
    20,
    19,
    22,
    12,
    24,
    25,
    26,
    27,
    28,
)
PARENTS = (*PARENTS, 27, 30)
_BONES = {
    1: (0, -132.948591), 2: (1, -442.894612), 3: (1, -454.206447), 4: (2, 162.767078), 5: (2, 74.999437),
    6: (0, 132.948826), 7: (1, -442.894413), 8: (1, -454.20659), 9: (2, 162.767426), 10: (2, 74.999948),
    11: (1, 0.1), 12: (1, 233.383263), 13: (1, 257.077681), 14: (1, 121.134938), 15: (1, 115.002227),
    16: (1, 257.077681), 17: (1, 151.034226), 18: (1, 278.882773), 19: (1, 251.733451), 21: (2, 99.999627),
    22: (1, 100.000188), 24: (1, 257.077681), 25: (1, 151.031437), 26: (1, 278.892924), 27: (1, 251.72868),
    29: (2, 99.999888), 30: (1, 137.499922),
}  # fmt: skip


def offsets() -> Float[Tensor, "32 3"]:
    """Every joint's place relative to its parent, in millimetres."""
    found = torch.zeros(32, 3, dtype=torch.float64, device="cpu")
    for joint, (axis, length) in _BONES.items():
        found[joint, axis] = length
    return found


def rotation_of(r: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """The rotation of an exponential map: about r, by |r| (Rodrigues' formula)."""
    zero = torch.zeros_like(r[..., 0])
    x, y, z = r.unbind(-1)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.linalg.matrix_exp(skew)


def forward_kinematics(
    angles: Float[Tensor, "frames 32 3"], root: Float[Tensor, "frames 3"] | None = None
) -> Float[Tensor, "frames 32 3"]:
    """Joints in millimetres from exponential maps; rows are points, x_child = x_parent + o R_parent."""
    local, bones = rotation_of(angles), offsets().to(angles)
    places: list[Tensor] = []
    turned: list[Tensor] = []
    for joint, parent in enumerate(PARENTS):
        if parent < 0:
            places.append(torch.zeros_like(angles[:, 0]) if root is None else root)
            turned.append(local[:, joint])
        else:
            places.append(places[parent] + (bones[joint] @ turned[parent]))
            turned.append(local[:, joint] @ turned[parent])
    return torch.stack(places, 1)


def read_human36m(path: str | Path, every: int = 2) -> Float[Tensor, "frames 32 3"]:
    """A recording `S<subject>/<action>_<take>.txt`: 99 numbers a frame, the root's place and 32 exponential maps.

    The root's place and rotation are set to zero, as is usual.

    Args:
        every: take every second frame: 25 a second from 50.

    Raises:
        ValueError: another number of columns.
    """
    table = np.atleast_2d(np.loadtxt(path, delimiter=",", dtype=np.float64))
    if table.shape[1] != 99:
        raise ValueError(f"{path} has {table.shape[1]} columns; a Human3.6M recording has 99")
    angles = torch.from_numpy(table[::every, 3:]).view(-1, 32, 3).clone()
    angles[:, 0] = 0
    return forward_kinematics(angles)


def read_md17(path: str | Path, every: int = 20) -> Float[Tensor, "frames atoms 3"]:
    """A molecule's trajectory from MD17 (`<name>_dft.npz`: R in angstrom, z the atomic numbers), heavy atoms only.

    Raises:
        ValueError: the file has not the arrays R and z, or they do not match.
    """
    with np.load(path, allow_pickle=False) as file:
        if "R" not in file or "z" not in file:
            raise ValueError(f"{path} holds {', '.join(file.files)}; MD17 has R and z")
        R, z = file["R"], file["z"]
    if R.ndim != 3 or R.shape[1:] != (len(z), 3):
        raise ValueError(f"{path}: R has the shape {R.shape}, z {z.shape}; (frames, {len(z)}, 3) is wanted")
    return torch.from_numpy(R[::every, z > 1].astype(np.float32))


def sequential_split(
    trajectory: Tensor, past: int, future: int, part: str
) -> Float[Tensor, "n atoms frames 3"]:
    """Non-overlapping samples of past + future frames from one long trajectory, split 5 : 1 : 2 in time.

    Raises:
        ValueError: an unknown part.
    """
    ends = {"train": (0, 5), "valid": (5, 6), "test": (6, 8)}
    if part not in ends:
        raise ValueError(f"unknown part: {part!r}; choose from train, valid, test")
    count = len(trajectory) // (past + future)
    samples = trajectory[: count * (past + future)].unflatten(0, (count, past + future)).transpose(1, 2)
    first, last = (count * share // 8 for share in ends[part])
    return samples[first:last]


def bead_molecule(
    count: int, frames: int, generator: torch.Generator, atoms: int = 13, substeps: int = 20
) -> Float[Tensor, "count atoms frames 3"]:
    """A ring of six beads with a tail, as many heavy atoms as aspirin: stiff springs along bonds and across angles.

    Started at its resting shape with random velocities; symplectic Euler, units of its own.
    """
    angle = torch.arange(6, device="cpu") * (math.pi / 3)
    ring = torch.stack([angle.cos(), angle.sin(), torch.zeros_like(angle)], -1)
    k = torch.arange(1, atoms - 5, device="cpu").float()
    tail = torch.stack([1 + 0.87 * k, 0.5 * (k % 2), 0.3 * torch.sin(k)], -1)
    rest = torch.cat([ring, tail])
    bonds = [(i, (i + 1) % 6) for i in range(6)] + [(0, 6)] + [(i, i + 1) for i in range(6, atoms - 1)]
    joined = torch.zeros(atoms, atoms, device="cpu")
    for i, j in bonds:
        joined[i, j] = joined[j, i] = 1
    across = ((joined @ joined > 0) & (joined == 0)).float().fill_diagonal_(0)
    stiffness = 60 * joined + 15 * across
    length = torch.cdist(rest, rest)
    x = rest.expand(count, -1, -1).clone()
    v = 0.8 * torch.randn(count, atoms, 3, generator=generator, device="cpu")
    v = v - v.mean(1, keepdim=True)
    recorded, dt = [], 0.1 / substeps
    for _ in range(frames):
        recorded.append(x)
        for _ in range(substeps):
            apart = x[:, :, None] - x[:, None]
            distance = apart.norm(dim=-1, keepdim=True).clamp(min=1e-6)
            pull = stiffness[..., None] * (distance - length[..., None]) / distance
            v = v - dt * (pull * apart).sum(2)
            x = x + dt * v
    return torch.stack(recorded, 2)


def walker(count: int, frames: int, generator: torch.Generator) -> Float[Tensor, "count 17 frames 3"]:
    """An articulated walker of 17 joints, in metres at 25 frames a second: legs, arms, trunk and head.

    Hips and shoulders swing, knees and elbows bend; limb lengths, stride, pace, phase and direction are random.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=generator, device="cpu")

    t = torch.arange(frames, device="cpu")[None] / 25
    size, stride, pace = uniform(0.85, 1.15), uniform(0.35, 0.7), uniform(0.7, 1.3)
    phase = 2 * math.pi * (pace * t + uniform(0, 1))
    zero = torch.zeros_like(phase)

    def limb(start: Tensor, swing: Tensor, bend: Tensor, lengths: tuple[float, float]) -> list[Tensor]:
        """Two bones that hang down, swinging forwards (x)."""
        middle = start + size[..., None] * lengths[0] * torch.stack([swing.sin(), zero, -swing.cos()], -1)
        below = swing + bend
        return [
            middle,
            middle + size[..., None] * lengths[1] * torch.stack([below.sin(), zero, -below.cos()], -1),
        ]

    speed = 1.6 * stride * pace * size
    hip = torch.stack([speed * t, zero, 0.95 * size + 0.03 * (2 * phase).cos()], -1)

    def beside(at: Tensor, y: float, z: float) -> Tensor:
        shift = torch.stack([torch.zeros_like(size), y * size, z * size], -1)
        return at + shift

    joints = [hip]
    for side, sign in ((-1.0, 1.0), (1.0, -1.0)):
        swing = stride * (sign * phase.sin())
        knee = -0.6 * stride * (1 + (sign * phase.cos()))
        start = beside(hip, 0.12 * side, 0.0)
        joints += [start, *limb(start, swing, knee, (0.45, 0.45))]
    spine, neck = beside(hip, 0.0, 0.25), beside(hip, 0.0, 0.5)
    joints += [spine, neck, beside(neck, 0.0, 0.12), beside(neck, 0.0, 0.25)]
    for side, sign in ((-1.0, -1.0), (1.0, 1.0)):
        swing = 0.8 * stride * (sign * phase.sin())
        start = beside(neck, 0.18 * side, -0.02)
        joints += [start, *limb(start, swing, 0.3 + 0.2 * (sign * phase.cos()), (0.3, 0.27))]
    body = torch.stack(joints, 1)
    a = uniform(0, 2 * math.pi)[..., None]
    c, s = a.cos(), a.sin()
    turned = torch.stack(
        [c * body[..., 0] - s * body[..., 1], s * body[..., 0] + c * body[..., 1], body[..., 2]], -1
    )
    return turned
