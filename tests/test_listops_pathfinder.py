"""The generated long-range tasks: exact labels, the grammar's form, lines that never touch."""

import random
from collections import Counter

import pytest
import torch

from labkit.datasets.listops import (
    END,
    OPERATORS,
    TOKENS,
    VOCABULARY,
    evaluate,
    expression,
    listops,
    read_listops,
)
from labkit.datasets.pathfinder import pathfinder


def test_expressions_have_the_values_that_they_say():
    for words, value in (
        ("[MAX 2 9 [MIN 4 7 ] 0 ]", 9),
        ("[SM 8 7 ]", 5),
        ("[MED 1 8 3 ]", 3),
        ("[MED 2 5 ]", 3),
        ("[MIN [SM 9 9 ] [MAX 3 4 ] ]", 4),
        ("7", 7),
    ):
        assert evaluate(words.split()) == value
    for words, message in (
        ("[MAX 2 9", "not one whole expression"),
        ("[MAX 2 ] 3", "not one whole expression"),
        ("4 ]", "no operation with arguments to close"),
        ("[MIN ]", "no operation with arguments to close"),
        ("[AVG 2 3 ]", "unknown token"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate(words.split())


def test_the_grammar():
    generator = random.Random(1)
    found = [w for w in (expression(generator, max_depth=3, max_args=4) for _ in range(400)) if w]
    depths, operators = Counter(), Counter()
    for words in found:
        depth = deepest = 0
        for word in words:
            depth += (word in OPERATORS) - (word == END)
            deepest = max(deepest, depth)
            operators[word] += word in OPERATORS
        assert depth == 0
        depths[deepest] += 1
        assert words[0] in OPERATORS
    assert set(depths) == {1, 2, 3}
    assert min(operators[name] for name in OPERATORS) > 0.2 * sum(operators.values())
    short = [expression(generator, max_length=8) for _ in range(50)]
    assert any(words is None for words in short)
    assert all(words is None or len(words) <= 8 for words in short)


def test_listops_is_padded_repeatable_and_different():
    data = listops(50, 8, 20, seed=3)
    assert data.tokens.shape == (50, 20)
    names = {number: word for word, number in VOCABULARY.items()}
    for row, length, value in zip(data.tokens, data.lengths, data.values, strict=True):
        assert 8 <= length <= 20
        assert (row[length:] == 0).all()
        assert evaluate([names[int(token)] for token in row[:length]]) == value
    assert data.tokens.max() < TOKENS
    assert len({tuple(row.tolist()) for row in data.tokens}) == 50
    assert torch.equal(data.tokens, listops(50, 8, 20, seed=3).tokens)
    assert not torch.equal(data.tokens, listops(50, 8, 20, seed=4).tokens)
    with pytest.raises(ValueError, match="got n=0, min_length=16"):
        listops(0)
    with pytest.raises(ValueError, match="min_length=30, max_length=20"):
        listops(5, 30, 20)


def test_the_long_range_arenas_files(tmp_path):
    file = tmp_path / "basic_test.tsv"
    file.write_text("Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9\n( ( ( [SM 8 ) 7 ) ] )\t5\n", encoding="utf-8")
    data = read_listops(file, 6)
    assert data.tokens.shape == (2, 6)
    assert data.lengths.tolist() == [4, 4]
    assert data.values.tolist() == [9, 5]
    with pytest.raises(ValueError, match="length must be at least 4"):
        read_listops(file, 3)
    file.write_text("Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: the target 2 is not the value 9"):
        read_listops(file)
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="columns Source and Target"):
        read_listops(file)


def component(image, start):
    """All cells that hang together with one, in eight directions."""
    found, todo = {start}, [start]
    while todo:
        row, column = todo.pop()
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                cell = row + i, column + j
                inside = 0 <= cell[0] < len(image) and 0 <= cell[1] < len(image)
                if inside and cell not in found and image[cell] > 0:
                    found.add(cell)
                    todo.append(cell)
    return found


def test_dots_are_joined_exactly_when_the_label_says():
    data = pathfinder(60, 14, gap=0, distractors=1, seed=2)
    assert data.images.shape == (60, 14, 14)
    assert data.joined.tolist() == [0, 1] * 30
    for image, joined in zip(data.images, data.joined, strict=True):
        dots = [tuple(cell) for cell in (image == 1).nonzero().tolist()]
        assert len(dots) == 2
        assert (dots[1] in component(image, dots[0])) == bool(joined)
        # both labels have two long lines and a short one: the pixels alone do not tell
        assert int((image > 0).sum()) == 9 + 9 + 3


def test_pathfinder_is_dashed_repeatable_and_checks_its_sizes():
    solid, dashed = pathfinder(10, gap=0, seed=1), pathfinder(10, gap=1, seed=1)
    assert (dashed.images > 0).sum() < 0.85 * (solid.images > 0).sum()
    assert torch.equal(solid.images, pathfinder(10, gap=0, seed=1).images)
    for options in ({"n": 0}, {"side": 4}, {"steps": 100}, {"gap": -1}):
        with pytest.raises(ValueError, match="are required; got n="):
            pathfinder(**{"n": 4, **options})
