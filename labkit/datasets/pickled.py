"""Data sets that their makers published as Python pickles: read without running what a pickle may ask for."""

import io
import pickle

ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) not in ALLOWED:
            raise ValueError(
                f"the pickle asks for {module}.{name}; only plain values and NumPy arrays are read"
            )
        return super().find_class(module, name)


def read_pickle(content: bytes, name: str) -> dict:
    """The dictionary of plain values and NumPy arrays in a pickle; keys that are bytes become text.

    Raises:
        ValueError: it is no such pickle, is truncated, or asks for anything else to be imported.
    """
    try:
        found = _Plain(io.BytesIO(content), encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError, IndexError, AttributeError) as error:
        raise ValueError(f"{name} is truncated or no pickle ({error})") from error
    if not isinstance(found, dict):
        raise ValueError(f"{name} holds a {type(found).__name__}; a dictionary is expected")
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()}
