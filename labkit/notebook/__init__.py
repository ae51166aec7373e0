"""Notebooks: their parameters, how they are written as readable text, and what is wrong with one.

A notebook's source is plain text in the percent format:

    # paper: hippo

    # %% [markdown]
    r'''
    # A title
    Text in Markdown, with $LaTeX$. (Three double quotes; or every line behind `# `.)
    '''

    # %% parameters
    scale = "smoke"
    device = "auto"
    seed = 0

    # %%
    from labkit import paper, run, show
    from labkit.notebook import parameters

    settings = parameters(scale=scale, device=device, seed=seed)

    # %% exercise legs_matrix
    def legs_matrix(order):
        ### BEGIN SOLUTION
        ...
        ### END SOLUTION

    # %% check legs_matrix
    paper("hippo").exercise("legs_matrix").check(legs_matrix)

`python -m labkit.notebook lesson.py notebooks/state_space/hippo.ipynb` writes the notebook, with the cells'
marks for nbgrader, stable ids and no outputs; the other way round gives the text back; and
`python -m labkit.notebook tidy FILE...` does both for a notebook that was edited in JupyterLab.
A check's points are its exercise's, unless the header says `points=3`.
"""

from labkit.notebook.parameters import Parameters, parameters

__all__ = ["Parameters", "parameters"]
