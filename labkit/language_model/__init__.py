"""Language models: the lab's tiny ones, SmolLM2, and any causal model of Hugging Face, behind one interface."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cache": ["Cache"],
        "gguf": ["dequantize", "read_gguf"],
        "llama": ["Llama", "LlamaConfig"],
        "loading": ["LanguageModelUnavailable", "available", "load_language_model", "shared"],
        "model": ["LanguageModel", "greedy_decode"],
    },
)
