"""A small lesson on the showcase paper, for the tests of notebooks and of the classroom."""

from pathlib import Path

import nbformat

from labkit.notebook import source

TEXT = '''
# paper: showcase

# %% [markdown]
r"""
# A lesson on lines
A line is $y = a x$.
"""

# %% parameters
scale = "smoke"
device = "auto"
seed = 0

# %%
from labkit.notebook import parameters
from tests import showcase

showcase.install()
settings = parameters(scale=scale, device=device, seed=seed)

# %%
from labkit import paper, run, show

result = run("showcase", **settings)
show("showcase", "every_control", order=16)

# %% exercise slope
slope = ...
### BEGIN SOLUTION
slope = 3
### END SOLUTION

# %% check slope points=1
paper("showcase").exercise("slope").check(slope)

# %% exercise write_line
def three_times(x):
    ### BEGIN SOLUTION
    return 3 * x  # the secret
    ### END SOLUTION

# %% check write_line points=2
paper("showcase").exercise("write_line").check(three_times)
### BEGIN HIDDEN TESTS
assert three_times(7) == 21, "three_times(7) should be 21"
### END HIDDEN TESTS
'''


def write(path: Path) -> Path:
    """Store the instructor's notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source.dumps(source.read(TEXT.strip())), encoding="utf-8")
    return path


def answered(notebook: Path, target: Path, **answers: str) -> Path:
    """The notebook with other text in its answer cells (by exercise), as a student hands it in."""
    found = source.load(notebook)
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(found, target)
    return target
