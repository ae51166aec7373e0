"""Real prose: WikiText from its official files, and the technical prose that every Python brings along."""

import re

from labkit.datasets.registry import dataset

WIKITEXT = ("wikitext-2", "wikitext-103")


def paragraphs(name: str) -> list[str]:
    """A text's paragraphs.

    Args:
        name: `pydoc`, 465 kB of English technical prose in the standard library (paragraphs with code are left out);
            or a WikiText split, whose `<unk>` and ` @-@ ` stay as they are in the file.

    Raises:
        Missing: a WikiText file is not on this machine; says where to put it. ValueError: an unknown name.
    """
    if name == "pydoc":
        return _pydoc()
    if name not in WIKITEXT:
        raise ValueError(f"unknown text: {name!r}; choose from pydoc, {', '.join(WIKITEXT)}")
    lines = dataset(name).path().read_text(encoding="utf-8").splitlines()
    # headings stand between signs of equality
    return [line.strip() for line in lines if line.strip() and not re.match(r"^\s*=.*=\s*$", line)]


def _pydoc() -> list[str]:
    from pydoc_data.topics import topics

    found = []
    for topic in sorted(topics):
        for part in re.split(r"\n\s*\n", topics[topic]):
            words = " ".join(part.split())
            code = re.search(r">>>|::=|\*\*|[{}`_]|\bself\b|==|\(\)", words)
            if not part.startswith((" ", "*")) and not code and words.endswith("."):
                found.append(words)
    return found
