"""A LanguageModel: what every paper sees of a causal model, wherever it comes from."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.language_model.cache import Cache
from labkit.language_model.tokenizer import TextTokenizer


class LanguageModel:
    """A frozen causal model with its tokenizer.

    Attributes:
        name: what it was loaded by. about: one line for people: what it is and what it read.
        model: the network, in eval mode; its parameters take no gradient.
        tokenizer: text to ids and back.
        eos_id, pad_id: ids, or None. bos_ids: what stands before every text; may be empty.
        context: the longest sequence that it can read.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        tokenizer: TextTokenizer,
        *,
        about: str,
        context: int,
        eos_id: int | None = None,
        pad_id: int | None = None,
        bos_ids: tuple[int, ...] = (),
    ):
        self.name, self.about, self.context = name, about, context
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.eos_id, self.pad_id, self.bos_ids = eos_id, pad_id, list(bos_ids)

    def __repr__(self) -> str:
        return f"<language model {self.name}: {self.about}>"

    @property
    def embedding(self) -> Float[Tensor, "vocabulary width"]:
        """The embedding of every token."""
        return self.model.embedding

    @property
    def vocab_size(self) -> int:
        """How many tokens the model knows (rows of the embedding; some tokenizers have fewer)."""
        return self.embedding.shape[0]

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.embedding.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision that it computes in."""
        return self.embedding.dtype

    def encode(self, text: str) -> Int[Tensor, " length"]:
        """The text's token ids, on the model's device; nothing is put before them.

        Raises:
            ValueError: a word that a word-level tokenizer lacks; or more tokens than the model can read.
        """
        ids = self.tokenizer.encode(text)
        if len(ids) > self.context:
            raise ValueError(f"the text has {len(ids)} tokens; {self.name} reads at most {self.context}")
        return torch.tensor(ids, dtype=torch.long, device=self.device)

    def decode(self, ids) -> str:
        """The text of token ids (a tensor or a list)."""
        return self.tokenizer.decode(_list(ids))

    def token_strings(self, ids) -> list[str]:
        """Each token's text by itself."""
        return self.tokenizer.pieces(_list(ids))

    def single_token(self, text: str) -> int:
        """The id of a text that is exactly one token.

        Raises:
            ValueError: it is none, or several; names them.
        """
        ids = self.tokenizer.encode(text)
        if len(ids) != 1:
            parts = ", ".join(repr(part) for part in self.tokenizer.pieces(ids)) or "none"
            raise ValueError(
                f"{text!r} is {len(ids)} tokens of {self.name} ({parts}); a single one is needed"
            )
        return ids[0]

    def logits(
        self,
        ids: Int[Tensor, "batch length"] | None = None,
        *,
        embeds: Float[Tensor, "batch length width"] | None = None,
        position_ids: Int[Tensor, "rows length"] | None = None,
        attention_mask: Bool[Tensor, "rows 1 length keys"] | None = None,
        last_only: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "..."]:
        """Logits for what comes next: (batch, length, vocabulary); (batch, vocabulary) with `last_only`.

        Args:
            ids, embeds: the tokens, or embeddings in their place (one of the two).
            position_ids: default: 0, 1, ... after what the cache holds.
            attention_mask: True lets a position see another; default: what stands before it.
            cache: what was read before, which is not read again; this call's positions are added.

        Raises:
            ValueError: the sequence is empty, or longer than the model's context.
        """
        given = ids if embeds is None else embeds
        length = given.shape[1] + (0 if cache is None else len(cache))
        if given.shape[1] == 0 or length > self.context:
            raise ValueError(f"a sequence of {length} tokens; {self.name} reads from 1 to {self.context}")
        return self.model(
            ids,
            embeds=embeds,
            position_ids=position_ids,
            attention_mask=attention_mask,
            cache=cache,
            last_only=last_only,
        )

    @torch.no_grad()
    def log_probs_of(
        self, ids: Int[Tensor, "batch length"], targets: Int[Tensor, "batch targets"]
    ) -> Float[Tensor, "batch targets"]:
        """log P(target_t | ids, targets before it), token by token."""
        whole = torch.cat([ids, targets], dim=1)
        logits = self.logits(whole[:, :-1])[:, ids.shape[1] - 1 :]
        return logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]

    def loss_and_embedding_grad(
        self, ids: Int[Tensor, " length"], answer: int
    ) -> tuple[Tensor, Float[Tensor, "length width"]]:
        """Mean cross-entropy of the last `answer` tokens given all before, and its gradient at the embeddings.

        The gradient with respect to one-hot rows is this times the embedding's transpose: exactly the same numbers,
        at two thirds of the time.
        """
        embeds = self.embedding[ids][None].detach().requires_grad_(True)
        with torch.enable_grad():
            logits = self.logits(embeds=embeds)[0, -answer - 1 : -1]
            loss = F.cross_entropy(logits.float() if logits.dtype != torch.float64 else logits, ids[-answer:])
            (gradient,) = torch.autograd.grad(loss, embeds)
        return loss.detach(), gradient[0]

    def new_cache(self) -> Cache:
        """An empty cache."""
        return Cache()

    def cache_length(self, cache: Cache) -> int:
        """How many positions a cache holds."""
        return len(cache)

    def cache_rows(self, cache: Cache, index: Int[Tensor, " rows"]) -> Cache:
        """A cache of these rows of the batch; a row may occur several times."""
        return cache.rows(index)

    def cache_shift(self, cache: Cache, source: int, target: int, keep: int) -> None:
        """Move `keep` positions of a cache from `source` to `target`; see `Cache.shift`."""
        cache.shift(source, target, keep)

    def cache_drop(self, cache: Cache, n: int) -> None:
        """Forget a cache's last n positions."""
        cache.drop(n)

    def special_tokens(self) -> Int[Tensor, " tokens"]:
        """The ids of special tokens, and of embedding rows that no token uses."""
        ids = sorted({*self.tokenizer.special.values(), *range(len(self.tokenizer), self.vocab_size)})
        return torch.tensor(ids, dtype=torch.long, device=self.device)

    def allowed_tokens(self, ascii_only: bool = True, drop_special: bool = True) -> Int[Tensor, " tokens"]:
        """The ids that a prompt may be made of.

        Args:
            ascii_only: only tokens whose text is printable ASCII.
            drop_special: no special tokens: with chat markers steering looks easy.
        """
        keep = torch.ones(self.vocab_size, dtype=torch.bool, device="cpu")
        if drop_special:
            keep[self.special_tokens().cpu()] = False
        if ascii_only:
            texts = self.tokenizer.pieces(list(range(len(self.tokenizer))))
            plain = [
                text.isascii() and text.replace("\n", " ").isprintable() and text != "" for text in texts
            ]
            keep[: len(plain)] &= torch.tensor(plain, device="cpu")
        return keep.nonzero()[:, 0].to(self.device)


def _list(ids) -> list[int]:
    return ids.tolist() if isinstance(ids, Tensor) else list(ids)


@torch.no_grad()
def greedy_decode(
    lm: LanguageModel,
    ids: Int[Tensor, " length"],
    max_new_tokens: int,
    stop: int | None = None,
    use_cache: bool = True,
) -> list[int]:
    """The likeliest next token, again and again (the smallest id among equals).

    Args:
        stop: a token that ends the text; it is included.

    Returns:
        the new tokens only.
    """
    found: list[int] = []
    cache = lm.new_cache() if use_cache else None
    fresh = ids[None]
    for _ in range(max_new_tokens):
        following = lm.logits(fresh, last_only=True, cache=cache)[0].argmax()
        found.append(int(following))
        if found[-1] == stop:
            break
        fresh = following.view(1, 1) if use_cache else torch.cat([fresh, following.view(1, 1)], dim=1)
    return found
