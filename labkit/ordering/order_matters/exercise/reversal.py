"""Exercise 1: the three-word reversal and its inverse."""

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.ordering.order_matters.method import three_word_reversal

PAD = "<pad>"
SENTENCES = (
    "This is a sentence .",
    "one two three",
    "one",
    "a b c d e f g",
    "the cat sat on the mat today , again",
)


def _inverse(words):
    return [w for w in three_word_reversal(words) if w != PAD]


def _unpadded(words):
    return [w for at in range(0, len(words), 3) for w in reversed(words[at : at + 3])]


def _blocks(words):
    padded = [*words, *[PAD] * (-len(words) % 3)]
    parts = [padded[at : at + 3] for at in range(0, len(padded), 3)]
    return [w for part in reversed(parts) for w in part]


def _whole(words):
    return [*words, *[PAD] * (-len(words) % 3)][::-1]


def _padded_first(words):
    padded = [*[PAD] * (-len(words) % 3), *words]
    return [w for at in range(0, len(padded), 3) for w in reversed(padded[at : at + 3])]


@exercise(
    "Three words at a time",
    level="easy",
    points=2,
    solution=(three_word_reversal, _inverse),
    hints=(
        "How many `<pad>` are missing to a multiple of three? `-len(words) % 3`.",
        "Take `words[at : at + 3]` for at = 0, 3, 6, ..., reverse each, and join them in the same order.",
        "Reversing every block twice changes nothing: the inverse is the same function, and then the padding goes.",
    ),
    mistakes=(
        Mistake(
            "no padding",
            (_unpadded, _unpadded),
            "The last block must be padded to three words before it is reversed, else the inverse is ambiguous: nobody "
            "can tell a short block from the end of a long one.",
        ),
        Mistake(
            "blocks reversed",
            (_blocks, _blocks),
            "You reverse the list of blocks and leave the words inside as they were. It is the other way round: the "
            "blocks stay in place, the words inside each are reversed.",
        ),
        Mistake(
            "everything reversed",
            (_whole, _whole),
            "You reverse the whole sentence. Only the three words of a block change places among themselves.",
        ),
        Mistake(
            "padded in front",
            (_padded_first, _inverse),
            "Your padding stands in front of the sentence; it belongs to its end, into the last block.",
        ),
        Mistake(
            "padding kept",
            (three_word_reversal, three_word_reversal),
            "Your inverse leaves the padding in. The sentence that comes back should be the one that went in.",
        ),
    ),
)
def word_reversal(answer) -> str:
    """Write `reverse(words)` and `restore(words)`. The first cuts a list of words into blocks of three, pads the last
    block with `"<pad>"`, and reverses the words inside each block:

    `This is a sentence .` becomes `a is This <pad> . sentence`.

    The second undoes it, without the padding. Answer with the pair `(reverse, restore)`.
    """
    try:
        reverse, restore = answer
    except (TypeError, ValueError):
        raise Wrong("Answer with the pair (reverse, restore).") from None
    if not (callable(reverse) and callable(restore)):
        raise Wrong("Answer with the pair (reverse, restore) of functions.")
    named = {mistake.name: mistake.message for mistake in word_reversal.mistakes}
    for sentence in SENTENCES:
        words = sentence.split()
        found, wanted = _words(reverse(list(words))), three_word_reversal(words)
        if found != wanted:
            said = recognise(
                word_reversal.mistakes,
                lambda mistaken, found=found, words=words: found == mistaken[0](words),
                f"For {sentence!r} it should be {' '.join(wanted)!r}; yours is {' '.join(found)!r}.",
            )
            raise said
        back = _words(restore(list(wanted)))
        if back == [*words, *[PAD] * (-len(words) % 3)] and back != words:
            raise Wrong(named["padding kept"])
        if back != words:
            raise Wrong(
                f"restore gives {' '.join(back)!r} for {' '.join(wanted)!r}; it should be {sentence!r}."
            )
    return "And it comes back unharmed. The paper's language model loses 10 points of perplexity to it: 86 to 96."


def _words(found) -> list[str]:
    if not isinstance(found, list | tuple):
        raise Wrong(f"Return a list of words; yours is {type(found).__name__}.")
    return [str(word) for word in found]
