"""The paper's interactive pictures: from the lit map of the vocabulary to a live search on a model of real text."""

from labkit.language.magic_words.demo.attention import attention_set, layer_bounds
from labkit.language.magic_words.demo.curves import epsilon_curves
from labkit.language.magic_words.demo.paths import prompt_graph, prompt_path
from labkit.language.magic_words.demo.reachable import reachable_map
from labkit.language.magic_words.demo.real import search_real_model
from labkit.language.magic_words.demo.search import live_search

# in teaching order
DEMOS = (
    reachable_map,
    prompt_path,
    prompt_graph,
    live_search,
    search_real_model,
    epsilon_curves,
    attention_set,
    layer_bounds,
)
