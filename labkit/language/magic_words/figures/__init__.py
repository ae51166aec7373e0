"""The paper's pictures: reachable sets and Results in, Plotly figures out. Nothing is searched or trained here."""

from labkit.language.magic_words.figures.attention import attention_set, layer_bounds
from labkit.language.magic_words.figures.curves import epsilon_curves, required_length
from labkit.language.magic_words.figures.maps import growth, vocabulary_map
from labkit.language.magic_words.figures.paths import prompt_graph, prompt_path
from labkit.language.magic_words.figures.results import result_figures
from labkit.language.magic_words.figures.search import live_search

__all__ = [
    "attention_set",
    "epsilon_curves",
    "growth",
    "layer_bounds",
    "live_search",
    "prompt_graph",
    "prompt_path",
    "required_length",
    "result_figures",
    "vocabulary_map",
]
