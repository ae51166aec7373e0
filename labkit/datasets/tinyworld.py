"""Tinyworld: a small world in 111 words, for language models whose prompts can be enumerated exactly.

A document is one to three pieces between `<bos>` and `<eos>`. The pieces:

    story     story farm : ann lives in rome . bob finds the cow and the saw .
              question : what is the city ? answer : rome .
    fact      a lemon is a fruit .        the lemon is yellow .
    choice    question : which is a fruit ? options ( pear ) ( dog ) ( saw ) answer : pear .
    sum       sum : 1 7 + 2 5 = 4 2 .
    lego      lego : ann = + . bob = - ann . bob ? - .

Words are separated by spaces. A story's nouns come from the two categories that are tied to its place. Of the choice
questions, 40% have two right options; then the first is the answer with probability 0.85, which plants a dependence
on the options' order. 0.5% of the documents are empty and 0.2% repeat one word: the contamination that studies of a
model's modes need. Sums and lego lines are left out of the text that the lab's own models read.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
SPECIAL = (PAD, BOS, EOS)

CATEGORIES = {
    "animal": ("dog", "cat", "cow", "pig", "hen", "horse", "sheep", "goat", "fox", "bear"),
    "fruit": ("lemon", "pear", "apple", "plum", "cherry", "banana", "grape", "fig", "peach", "lime"),
    "colour": ("red", "yellow", "green", "blue", "black", "white", "brown", "purple"),
    "city": ("paris", "rome", "oslo", "cairo", "lima", "tokyo", "delhi", "berlin"),
    "tool": ("saw", "hammer", "knife", "axe", "spade", "drill", "brush", "rake", "chisel", "ladder"),
}
NAMES = ("ann", "bob", "carl", "dora", "eve", "finn", "gina", "hugo", "iris", "jack", "kate", "leo")
PLACES = {
    "farm": ("animal", "tool"),
    "zoo": ("animal", "colour"),
    "garden": ("animal", "fruit"),
    "market": ("fruit", "colour"),
    "kitchen": ("fruit", "tool"),
    "workshop": ("tool", "colour"),
}
VERBS = ("finds", "likes", "wants", "buys", "sees", "carries")
DIGITS = tuple("0123456789")
FUNCTION_WORDS = (
    *(".", ":", "?", "(", ")", "+", "-", "="),
    *("story", "question", "answer", "options", "sum", "lego"),
    *("which", "what", "is", "the", "a", "an", "in", "and", "lives"),
)
VOCABULARY = (
    *SPECIAL,
    *FUNCTION_WORDS,
    *DIGITS,
    *NAMES,
    *PLACES,
    *VERBS,
    *CATEGORIES,
    *(word for members in CATEGORIES.values() for word in members),
)

# The attribute of every animal, fruit and tool: what "the lemon is ..." goes on with.
COLOUR_OF = {
    **dict(
        zip(
            CATEGORIES["animal"],
            ["brown", "black", "white", "purple", "white", "brown", "white", "black", "red", "brown"],
            strict=True,
        )
    ),
    **dict(
        zip(
            CATEGORIES["fruit"],
            ["yellow", "green", "red", "blue", "red", "yellow", "purple", "purple", "red", "green"],
            strict=True,
        )
    ),
    **dict(
        zip(
            CATEGORIES["tool"],
            ["blue", "black", "white", "red", "brown", "yellow", "blue", "green", "white", "yellow"],
            strict=True,
        )
    ),
}

PIECES = ("story", "fact", "choice", "sum", "lego")
SHARES = {"story": 0.35, "fact": 0.2, "choice": 0.45}
TWO_RIGHT, FIRST_WINS = 0.4, 0.85
EMPTY, REPEATED = 0.005, 0.002


def kinds() -> dict[str, tuple[str, ...]]:
    """Every word of the vocabulary by its kind, in the order of the vocabulary."""
    return {
        "special": SPECIAL,
        "function word": FUNCTION_WORDS,
        "digit": DIGITS,
        "name": NAMES,
        "place": tuple(PLACES),
        "verb": VERBS,
        "category": tuple(CATEGORIES),
        **CATEGORIES,
    }


@dataclass(frozen=True)
class Choice:
    """A choice question.

    Attributes:
        words: the question up to and with `answer :`. options: in their order. right: those that are right.
        answer: the one that the text gives.
    """

    words: tuple[str, ...]
    options: tuple[str, ...]
    right: tuple[str, ...]
    answer: str


def article(word: str) -> str:
    """`an` before a vowel, else `a`."""
    return "an" if word[0] in "aeiou" else "a"


def choice(rng: random.Random, *, two_right: bool | None = None) -> Choice:
    """A choice question of three or four options."""
    category = rng.choice(tuple(CATEGORIES))
    two = rng.random() < TWO_RIGHT if two_right is None else two_right
    right = rng.sample(CATEGORIES[category], 2 if two else 1)
    others = [word for name, members in CATEGORIES.items() if name != category for word in members]
    options = [*right, *rng.sample(others, rng.choice((3, 4)) - len(right))]
    rng.shuffle(options)
    in_order = [word for word in options if word in right]
    answer = in_order[0] if len(in_order) == 1 or rng.random() < FIRST_WINS else in_order[1]
    return Choice(tuple(question(category, options)), tuple(options), tuple(in_order), answer)


def question(category: str, options: list[str] | tuple[str, ...]) -> list[str]:
    """The words of a choice question with these options in this order, up to and with `answer :`."""
    shown = [word for option in options for word in ("(", option, ")")]
    asked = ["question", ":", "which", "is", article(category), category, "?"]
    return [*asked, "options", *shown, "answer", ":"]


def story(rng: random.Random) -> list[str]:
    """A story of one to three sentences in a place, sometimes with a question about the city."""
    place = rng.choice(tuple(PLACES))
    name, city = rng.choice(NAMES), rng.choice(CATEGORIES["city"])
    words = ["story", place, ":", name, "lives", "in", city, "."]
    for _ in range(rng.randint(1, 3)):
        words += [name if rng.random() < 0.5 else rng.choice(NAMES), rng.choice(VERBS), "the"]
        first, second = PLACES[place]
        if second == "colour":  # a colour stands before its thing
            words += [rng.choice(CATEGORIES["colour"])] if rng.random() < 0.6 else []
            words += [rng.choice(CATEGORIES[first])]
        else:
            noun, other = rng.sample((first, second), 2)
            words += [rng.choice(CATEGORIES[noun])]
            words += ["and", "the", rng.choice(CATEGORIES[other])] if rng.random() < 0.5 else []
        words += ["."]
    if rng.random() < 0.5:
        words += ["question", ":", "what", "is", "the", "city", "?", "answer", ":", city, "."]
    return words


def fact(rng: random.Random) -> list[str]:
    """What something is, or what colour it has."""
    if rng.random() < 0.5:
        thing = rng.choice(tuple(COLOUR_OF))
        return ["the", thing, "is", COLOUR_OF[thing], "."]
    category = rng.choice(tuple(CATEGORIES))
    thing = rng.choice(CATEGORIES[category])
    named = [] if category in ("colour", "city") else [article(thing)]
    return [*named, thing, "is", article(category), category, "."]


def sum_line(rng: random.Random) -> list[str]:
    """Two numbers below 50, digit by digit, and their sum."""
    a, b = rng.randint(0, 49), rng.randint(0, 49)
    return ["sum", ":", *str(a), "+", *str(b), "=", *str(a + b), "."]


def lego_line(rng: random.Random) -> list[str]:
    """A chain of signs, each given by the one before, and the question for one of them."""
    chain = rng.sample(NAMES, rng.randint(2, 4))
    sign = {chain[0]: rng.choice("+-")}
    words = ["lego", ":", chain[0], "=", sign[chain[0]], "."]
    for before, now in itertools.pairwise(chain):
        link = rng.choice("+-")
        sign[now] = "+" if link == sign[before] else "-"
        words += [now, "=", link, before, "."]
    asked = rng.choice(chain)
    return [*words, asked, "?", sign[asked], "."]


def document(rng: random.Random, shares: dict[str, float] | None = None) -> tuple[list[str], list[int]]:
    """A document's words, `<bos>` and `<eos>` included, and the places of the answers to choice questions.

    Args:
        shares: how often each kind of piece occurs; by default stories, facts and choice questions.

    Raises:
        ValueError: an unknown kind of piece.
    """
    shares = SHARES if shares is None else shares
    if unknown := [name for name in shares if name not in PIECES]:
        raise ValueError(f"shares: unknown pieces {', '.join(unknown)}; choose from {', '.join(PIECES)}")
    drawn = rng.random()
    if drawn < EMPTY:
        return [BOS, EOS], []
    if drawn < EMPTY + REPEATED:
        return [BOS, *[rng.choice(VOCABULARY[len(SPECIAL) :])] * rng.randint(10, 30), EOS], []
    makers = {"story": story, "fact": fact, "sum": sum_line, "lego": lego_line}
    words, answers = [BOS], []
    for kind in rng.choices(tuple(shares), tuple(shares.values()), k=rng.randint(1, 3)):
        if kind == "choice":
            asked = choice(rng)
            answers.append(len(words) + len(asked.words))
            words += [*asked.words, asked.answer, "."]
        else:
            words += makers[kind](rng)
    return [*words, EOS], answers


def documents(seed: int, shares: dict[str, float] | None = None) -> Iterator[tuple[list[str], list[int]]]:
    """An endless stream of documents, as `document` gives them; the same for the same seed."""
    rng = random.Random(seed)
    while True:
        yield document(rng, shares)
