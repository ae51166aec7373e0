"""`labkit lab` (JupyterLab and the dashboard together) and `labkit doctor` (is everything there?)."""

import typer

from labkit.cli.errors import FAILED


def lab(
    lab_port: int = typer.Option(8888, envvar="LAB_PORT", min=1, max=65535, help="JupyterLab's port."),
    dash_port: int = typer.Option(8501, envvar="DASH_PORT", min=1, max=65535, help="The dashboard's port."),
    browser: bool = typer.Option(True, help="Open both in a browser, where there is a desktop."),
) -> None:
    """Open JupyterLab and the dashboard, for this machine only; Ctrl-C stops both."""
    from labkit.lab import open_lab

    code = open_lab(lab_port, dash_port, browser=browser)
    if code:
        raise typer.Exit(code)


def doctor() -> None:
    """Check this machine: Python, torch, devices, JupyterLab, Chromium, data. Each lack comes with its mend."""
    from labkit.doctor import examine

    findings = examine()
    marks = {"good": "ok  ", "note": "note", "lack": "LACK"}
    for finding in findings:
        print(f"{marks[finding.state]}  {finding.what}: {finding.says}")
        if finding.mend:
            print(f"      mend: {finding.mend}")
    lacks = sum(finding.state == "lack" for finding in findings)
    print(f"\n{lacks} things are lacking." if lacks else "\nEverything that the lab needs is here.")
    if lacks:
        raise typer.Exit(FAILED)
