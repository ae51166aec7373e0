"""`import labkit`, the catalogue and `labkit --help` stay light: torch and plotly come when they are needed."""

import subprocess
import sys


def test_the_catalogue_imports_neither_torch_nor_plotly():
    code = (
        "import sys, labkit; labkit.papers(); "
        "print([m for m in ('torch', 'plotly', 'pandas', 'pydantic', 'streamlit') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
