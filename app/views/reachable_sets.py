"""The reachable-sets studio: what a prompt can make a language model say, in five steps with one imposed text."""

import streamlit as st

from app import controls, look, panel, session
from app.studio import shared
from labkit import catalogue
from labkit.demo import Control

STEPS = {
    "1 The lit map": (
        "A small language model of 111 words, so that **every** prompt can be tried. Choose the text that stands last; "
        "then ask which words some prompt of $k$ words makes the model say next. What is lit is *reached*; "
        "what is grey "
        "is *proven unreachable*."
    ),
    "2 One prompt": (
        "How does a prompt do it? Follow one word by word, and see all one-word prompts of an output with "
        "their margins."
    ),
    "3 Live search": (
        "When prompts cannot be enumerated they must be searched for. Here you watch a search on the small "
        "model, where "
        "the truth is known; what it does not reach is only *not found*."
    ),
    "4 A real model": (
        "The same search on SmolLM2, with 49,152 tokens. It takes a while; stop it when you have seen enough."
    ),
    "5 How much control?": (
        "Many targets at once: the share that no prompt of $k$ tokens was found for. And the theory: what one "
        "attention "
        "head can be made to say, proven from outside and found from inside."
    ),
}
TEXT = ("state", "text")

PAPER = catalogue.paper("magic_words")
DEMOS = {demo.name: demo for demo in PAPER.demos()}


def govern(demos: tuple[str, ...], names: tuple[str, ...] = TEXT) -> dict:
    """Controls for several demos at once; the visitor's own text is asked for when it is chosen."""
    some = [DEMOS[name] for name in demos]
    kept = [shared(some, name) for name in names if name != "text"]
    values = controls.render_all(kept, "magic_words", columns=max(2, len(kept)))
    own = shared(some, "text")
    values["text"] = own.default
    if values["state"] == "my own text":
        values["text"] = controls.render(own, "magic_words.text")
    return values


def show(name: str, values: dict, layout: str = "above", **options) -> None:
    """One of the demos, with the shared values that it has controls for."""
    linked = {key: value for key, value in values.items() if key in {c.name for c in DEMOS[name].controls}}
    panel.show(DEMOS[name], linked=linked, layout=layout, **options)


def lit_map() -> None:
    """Exact reachable sets and their growth."""
    show("reachable_map", govern(("reachable_map",)), columns=4)


def one_prompt() -> None:
    """A prompt's path, and one-word prompts as a graph."""
    values = govern(("prompt_path", "prompt_graph"), ("state", "text", "placement"))
    left, right = look.pair("prompt", (1, 1))
    with left:
        show("prompt_path", values, columns=3)
    with right:
        show("prompt_graph", values, columns=2)


def search() -> None:
    """The search on the tiny model, step by step."""
    show("live_search", govern(("live_search",)), columns=4)


def real() -> None:
    """The search on SmolLM2."""
    show("search_real_model", {}, columns=4)


def theory() -> None:
    """k-epsilon curves; the attention bound against the truth."""
    show("epsilon_curves", {}, columns=5)
    left, right = look.pair("bounds", (1, 1))
    with left:
        show("attention_set", {}, columns=4)
    with right:
        show("layer_bounds", {}, columns=2)


st.title("Reachable sets")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
st.markdown(STEPS[step])
dict(zip(STEPS, (lit_map, one_prompt, search, real, theory), strict=True))[step]()
st.divider()
session.link(
    "paper", "The paper: its idea, experiment and exercises", ":material/article:", paper="magic_words"
)
