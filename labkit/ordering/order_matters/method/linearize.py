"""The same tree or sentence in several orders (sections 3.1 and 5.1).

A tree is a tuple (label, child, child, ...), a leaf a tuple (label,). No label starts with `!` or is LEV, PAR, DONE.
"""

from collections.abc import Sequence

Tree = tuple
LEVEL, PARENT, DONE, PAD = "LEV", "PAR", "DONE", "<pad>"


def linearize_depth_first(tree: Tree) -> list[str]:
    """label, its children, !label."""
    label, *children = _checked(tree)
    return [label, *(token for child in children for token in linearize_depth_first(child)), f"!{label}"]


def parse_depth_first(tokens: Sequence[str]) -> Tree:
    """The tree of a depth-first string; a ValueError names what does not fit."""
    stack: list[list] = [[]]
    for position, token in enumerate(tokens):
        if not token.startswith("!"):
            stack.append([token])
            continue
        if len(stack) < 2 or stack[-1][0] != token[1:]:
            raise ValueError(f"tokens: {token!r} at position {position} closes nothing that is open")
        done = tuple(stack.pop())
        stack[-1].append(done)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"tokens: {len(stack) - 1} brackets stay open, and there are {len(stack[0])} roots")
    return stack[0][0]


def linearize_breadth_first(tree: Tree) -> list[str]:
    """The root, then level by level LEV and each parent's children, PAR between consecutive parents; DONE.

    PARs after the last child of a level are dropped.
    """
    out, parents = [_checked(tree)[0]], [tree]
    while any(len(parent) > 1 for parent in parents):
        level: list[str] = []
        for number, parent in enumerate(parents):
            level += [PARENT] if number else []
            level += [_checked(child)[0] for child in parent[1:]]
        while level[-1] == PARENT:
            level.pop()
        out += [LEVEL, *level]
        parents = [child for parent in parents for child in parent[1:]]
    return [*out, DONE]


def parse_breadth_first(tokens: Sequence[str]) -> Tree:
    """The tree of a breadth-first string; a ValueError names what does not fit."""
    if len(tokens) < 2 or tokens[-1] != DONE or tokens[0] in (LEVEL, PARENT, DONE):
        raise ValueError(f"tokens: a root comes first and {DONE} last; got {' '.join(tokens[:3])} ...")
    root: list = [tokens[0]]
    parents, level, at = [root], [], -1
    for position, token in enumerate(tokens[1:-1], start=1):
        if token == LEVEL:
            parents, level, at = (level if at >= 0 else parents), [], 0
        elif token == PARENT:
            at += 1
        elif at < 0 or at >= len(parents) or token == DONE:
            raise ValueError(f"tokens: {token!r} at position {position} has no parent")
        else:
            child = [token]
            parents[at].append(child)
            level.append(child)

    def frozen(node: list) -> Tree:
        return (node[0], *(frozen(child) for child in node[1:]))

    return frozen(root)


def _checked(tree) -> Tree:
    if not (isinstance(tree, tuple) and tree and isinstance(tree[0], str)):
        raise ValueError(f"tree: a node is a tuple (label, child, ...); got {tree!r}")
    if tree[0].startswith("!") or tree[0] in (LEVEL, PARENT, DONE):
        raise ValueError(f"tree: the label {tree[0]!r} is a mark of the linear forms")
    return tree


def spans(tree: Tree) -> list[tuple[str, int, int]]:
    """The brackets of a tree: (label, first leaf, after the last leaf) of every node that has children."""
    found: list[tuple[str, int, int]] = []

    def walk(node: Tree, at: int) -> int:
        if len(node) == 1:
            return at + 1
        end = at
        for child in node[1:]:
            end = walk(child, end)
        found.append((node[0], at, end))
        return end

    walk(_checked(tree), 0)
    return found


def bracket_f1(predicted: Tree, gold: Tree) -> float:
    """F1 of labelled brackets: 2 |both| / (|predicted| + |gold|), repeated ones counted."""
    mine, right = spans(predicted), spans(gold)
    both, rest = 0, list(right)
    for bracket in mine:
        if bracket in rest:
            rest.remove(bracket)
            both += 1
    return 2 * both / (len(mine) + len(right)) if mine or right else 1.0


def three_word_reversal(words: Sequence[str]) -> list[str]:
    """Blocks of three words, each reversed; the last block is padded before it is reversed.

    "This is a sentence ." -> "a is This <pad> . sentence"
    """
    padded = [*words, *[PAD] * (-len(words) % 3)]
    return [word for at in range(0, len(padded), 3) for word in reversed(padded[at : at + 3])]
