"""JSON and npz on disk, so that a killed process or a full disk leaves the old state or the new, never half.

A stored folder holds `<name>.json` and `<name>-<hash>.npz`. The arrays are written first, under a name
made of their content; replacing the JSON, which names them, is the single step that makes them count.
"""

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path

import numpy as np


def write(folder: Path, name: str, document: dict, arrays: dict[str, np.ndarray]) -> Path:
    """Store a JSON document and its arrays; returns the JSON's path.

    Raises:
        OSError: when the disk refuses (full, read-only), naming the path. What was there before stays.
    """
    folder = Path(folder)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    archive = f"{name}-{digest[:16]}.npz"
    document = {**document, "arrays": {"file": archive, "sha256": digest}}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / archive, buffer.getvalue())
        replace(folder / f"{name}.json", (json.dumps(document, indent=1) + "\n").encode())
    except OSError as error:
        raise OSError(
            error.errno,
            f"could not store {name} ({error.strerror}); what was stored before is untouched. "
            "Free some space or name another folder, and save again",
            str(folder),
        ) from error
    for old in folder.glob(f"{name}-*.npz"):
        if old.name != archive:
            old.unlink(missing_ok=True)
    return folder / f"{name}.json"


def read(folder: Path, name: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Read what `write` stored.

    Raises:
        FileNotFoundError: nothing of that name is stored in the folder.
        ValueError: the files were truncated or altered.
    """
    path = Path(folder) / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"no stored {name} in {folder}")
    try:
        document = json.loads(path.read_text())
        stored = document.pop("arrays")
        content = (path.parent / stored["file"]).read_bytes()
    except (ValueError, KeyError, FileNotFoundError) as error:
        raise ValueError(f"{path} is truncated or altered ({error}); run the experiment again") from error
    if hashlib.sha256(content).hexdigest() != stored["sha256"]:
        raise ValueError(
            f"{path.parent / stored['file']} is truncated or altered: its checksum differs; run again"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return document, {key: archive[key] for key in archive.files}


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step: to a temporary neighbour, flushed to disk, then renamed over the old one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
