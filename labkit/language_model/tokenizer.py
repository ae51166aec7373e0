"""Tokenizers: one thin class over the `tokenizers` library, for words and for byte-level pieces."""

import json
from difflib import get_close_matches
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers


class TextTokenizer:
    """Text to token ids and back.

    Args:
        core: the library's tokenizer.
        words: whether tokens are words between spaces (else byte-level pieces, which can write anything).
    """

    def __init__(self, core: Tokenizer, *, words: bool):
        self.core = core
        self.words = words
        self.special = {
            token.content: id for id, token in core.get_added_tokens_decoder().items() if token.special
        }

    def __len__(self) -> int:
        """The size of the vocabulary."""
        return self.core.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """The text's token ids; nothing is added. Special tokens may be written by their names.

        Raises:
            ValueError: for a word that the vocabulary lacks, with it and the words most like it.
        """
        if self.words:
            known = self.core.get_vocab(with_added_tokens=True)
            for word in text.split():
                if word not in known:
                    alike = get_close_matches(word, sorted(known), n=6, cutoff=0.0)
                    raise ValueError(
                        f"{word!r} is not one of the {len(known)} words of this model; try {', '.join(alike)}"
                    )
        return self.core.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, special tokens included."""
        if self.words:
            return " ".join(self.pieces(ids))
        return self.core.decode(ids, skip_special_tokens=False)

    def pieces(self, ids: list[int]) -> list[str]:
        """Each token's text by itself."""
        if self.words:
            return [self.core.id_to_token(id) for id in ids]
        return [self.core.decode([id], skip_special_tokens=False) for id in ids]

    def save(self, path: str | Path) -> None:
        """Write it as the library's JSON."""
        self.core.save(str(path))

    @classmethod
    def load(cls, path: str | Path) -> "TextTokenizer":
        """Read the library's JSON.

        Raises:
            ValueError: the file is damaged.
        """
        text = Path(path).read_text(encoding="utf-8")
        try:
            words = json.loads(text)["model"]["type"] == "WordLevel"
            return cls(Tokenizer.from_str(text), words=words)
        except Exception as error:  # the library raises bare Exceptions
            raise ValueError(f"{path} is no tokenizer: {error}") from error


def word_tokenizer(vocabulary: tuple[str, ...], special: tuple[str, ...]) -> TextTokenizer:
    """A tokenizer of whole words between spaces; a word's id is its place in the vocabulary."""
    core = Tokenizer(models.WordLevel({word: id for id, word in enumerate(vocabulary)}))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.add_special_tokens([AddedToken(word, special=True) for word in special])
    return TextTokenizer(core, words=True)


def byte_level_tokenizer(
    tokens: list[str], merges: list[str], special: list[str], *, split_digits: bool = True
) -> TextTokenizer:
    """A byte-level BPE tokenizer: digits one by one, no space put before the text.

    Args:
        merges: pairs of pieces, each as two words with a space between.
    """
    pairs = [tuple(merge.split(" ", 1)) for merge in merges]
    core = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, pairs))
    steps = [pre_tokenizers.Split(Regex(r"\p{N}"), "isolated")] if split_digits else []
    core.pre_tokenizer = pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return TextTokenizer(core, words=False)
