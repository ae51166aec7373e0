"""`labkit figure`: a demo's picture as a file."""

from contextlib import nullcontext
from pathlib import Path

import typer

import labkit
from labkit.cli.errors import Misuse, complain, misuse
from labkit.cli.output import progress


def figure(
    paper: str = typer.Argument(help="The paper's slug; labkit list names them."),
    demo: str = typer.Argument(help="The demo's name; labkit show PAPER names them."),
    control: list[str] = typer.Option(
        [], "--control", "-c", metavar="NAME=VALUE", help="Set a control; repeatable."
    ),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="out.html or out.png; by default DEMO.html."
    ),
    device: str = typer.Option("auto", help="For demos that compute on a device: auto, cpu, cuda or cuda:1."),
) -> None:
    """Draw a demo into a file: an HTML page with everything it needs, or a PNG."""
    with misuse():
        found = labkit.paper(paper).demo(demo)
        values = found.parse(_pairs(control))
        output = output or Path(f"{found.name}.html")
        if output.suffix not in (".html", ".png"):
            raise ValueError(f"-o {output}: the file's name should end in .html or .png")
    drawn = _draw(found, values, device)

    from labkit import export

    if output.suffix == ".png":
        files = export.to_png(drawn, output)
        if len(files) < len(drawn):
            complain("a PNG shows figures only; the tables are in the HTML")
    else:
        output.write_text(export.to_html(found, values, drawn), encoding="utf-8")
        files = [output]
    print("\n".join(map(str, files)))


def _pairs(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise ValueError(f"--control {text}: write it as NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def _draw(demo, values: dict, device: str) -> tuple:
    from labkit import device as devices
    from labkit.datasets import Missing

    with misuse():
        place = devices.resolve(device)
    more = {"device": str(place)} if demo.takes_device else {}
    try:
        with progress(demo.title) if demo.takes_progress else nullcontext() as report:
            if report is not None:
                more["progress"] = report
            return demo.render(**values, **more)
    except Missing:
        raise
    except ValueError as error:
        raise Misuse(str(error)) from error
