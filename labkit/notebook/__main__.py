"""Text to notebook or back: `python -m labkit.notebook SOURCE TARGET`; `tidy FILE...`; `lint FILE...`."""

import sys
from pathlib import Path

from labkit.notebook import lint, source


def main(arguments: list[str]) -> int:
    """Run one of the three commands; returns the exit code."""
    match arguments:
        case ["tidy", *files] if files:
            for file in map(Path, files):
                file.write_text(source.dumps(source.tidy(source.load(file))), encoding="utf-8")
        case ["lint", *files] if files:
            found = [f"{file}: {problem}" for file in files for problem in lint.problems(source.load(file))]
            print("\n".join(found) or "nothing to mend")
            return 1 if found else 0
        case [first, second] if (Path(first).suffix, Path(second).suffix) == (".py", ".ipynb"):
            notebook = source.read(Path(first).read_text(encoding="utf-8"))
            Path(second).parent.mkdir(parents=True, exist_ok=True)
            Path(second).write_text(source.dumps(notebook), encoding="utf-8")
            for problem in lint.problems(notebook):
                print(f"{second}: {problem}", file=sys.stderr)
        case [first, second] if (Path(first).suffix, Path(second).suffix) == (".ipynb", ".py"):
            Path(second).write_text(source.text(source.load(first)), encoding="utf-8")
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ValueError, OSError) as error:
        print(f"labkit.notebook: {error}", file=sys.stderr)
        sys.exit(1)
