"""Demos: a picture is written once, as a plain function whose annotated parameters are its controls.

    @demo("Basis explorer")
    def basis_explorer(
        measure: Literal["LegS", "LegT"] = "LegS",
        order: Annotated[int, Interval(ge=2, le=64), doc("how many states")] = 8,
        dt: Annotated[float, Interval(ge=1e-4, le=1), Log(), Unit("s")] = 0.01,
        show_measure: bool = True,
    ) -> go.Figure:
        '''What to look for when moving each control (the caption).'''

Notebooks (`labkit.widgets`), the dashboard (`app/controls.py`), the command line and the tests all render
the same object. Every call is validated: a value outside its control raises a ValueError that names it.
"""

import inspect
import math
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import annotated_types as at
from pydantic import ConfigDict, ValidationError, validate_call

Kind = Literal["integer", "real", "choice", "switch", "text", "drawing"]


@dataclass(frozen=True)
class Log:
    """The control moves in powers of ten, with so many positions a decade."""

    per_decade: int = 10


@dataclass(frozen=True)
class Step:
    """The slider's step. Values between the steps are allowed to those who type them."""

    size: float


@dataclass(frozen=True)
class Label:
    """The control's label, where the parameter's name does not say it well."""

    text: str


@dataclass(frozen=True)
class Drawing:
    """A curve drawn by hand: so many heights from left to right, each between low and high.

    Goes with `tuple[float, ...]`.
    """

    points: int
    low: float = -1.0
    high: float = 1.0
    x: str = "x"
    y: str = "y"


@dataclass(frozen=True)
class Control:
    """One control of a demo, described so that any front end can render it."""

    name: str
    label: str
    help: str
    kind: Kind
    default: Any
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: Log | None = None
    choices: tuple = ()
    unit: str = ""
    max_length: int | None = None
    drawing: Drawing | None = None

    def positions(self) -> tuple:
        """The positions of a choice, or of a logarithmic slider (geometric, three digits; both ends, the default)."""
        if self.kind == "choice":
            return self.choices
        if self.log is None:
            raise ValueError(f"the control {self.name!r} has no list of positions")
        steps = round(math.log10(self.high / self.low) * self.log.per_decade)
        grid = {float(f"{self.low * (self.high / self.low) ** (i / steps):.3g}") for i in range(steps + 1)}
        grid = {value for value in grid if self.low <= value <= self.high} | {
            self.low,
            self.high,
            self.default,
        }
        return tuple(sorted(int(value) if self.kind == "integer" else value for value in grid))

    def ends(self) -> tuple:
        """The values at the control's two ends; every choice of a choice; for text, the shortest and the longest."""
        if self.kind in ("integer", "real"):
            return (self.low, self.high)
        if self.kind == "choice":
            return self.choices
        if self.kind == "switch":
            return (False, True)
        if self.kind == "drawing":
            return ((self.drawing.low,) * self.drawing.points, (self.drawing.high,) * self.drawing.points)
        return ("", "x" * (self.max_length or 200))

    def to_text(self, value) -> str:
        """The value as text, for addresses and the command line."""
        if self.kind == "switch":
            return "true" if value else "false"
        if self.kind == "drawing":
            return ",".join(f"{height:.3g}" for height in value)
        return f"{value:.6g}" if self.kind == "real" else str(value)

    def from_text(self, text: str):
        """The value that the text stands for.

        Raises:
            ValueError: the text stands for none; the message names the control and what is allowed.
        """
        try:
            if self.kind == "switch":
                return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                    text.lower()
                ]
            if self.kind == "drawing":
                return tuple(float(height) for height in text.split(","))
            if self.kind == "choice":
                return {str(choice): choice for choice in self.choices}[text]
            return {"integer": int, "real": float, "text": str}[self.kind](text)
        except (ValueError, KeyError):
            raise ValueError(f"{self.name}: {text!r} is not allowed; {self.allowed()}") from None

    def check_drawing(self, value) -> None:
        """Refuse a drawn curve of another length, or that leaves the pad; other kinds are checked by their types.

        Raises:
            ValueError: names the control and what is allowed.
        """
        if self.kind != "drawing":
            return
        d = self.drawing
        whole = isinstance(value, list | tuple) and len(value) == d.points
        if not whole or not all(isinstance(y, int | float) and d.low <= y <= d.high for y in value):
            raise ValueError(f"{self.name}: {value!r} is not allowed; {self.allowed()}")

    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.kind == "choice":
            return f"choose from {', '.join(map(str, self.choices))}"
        if self.kind == "switch":
            return "choose from true, false"
        if self.kind == "text":
            return f"text of at most {self.max_length} characters" if self.max_length else "text"
        if self.kind == "drawing":
            d = self.drawing
            return f"{d.points} numbers from {d.low:g} to {d.high:g}, separated by commas"
        kind = "a whole number" if self.kind == "integer" else "a number"
        by = f" in steps of {self.step:g}" if self.kind == "integer" and self.step not in (None, 1) else ""
        return f"{kind} from {self.low:g} to {self.high:g}{by}"


class Demo:
    """An interactive picture: call it with values of its controls, get its figure (or figures and tables)."""

    def __init__(self, function: Callable, title: str, *, slow: bool = False):
        self.function = function
        self.name = function.__name__
        self.title = title
        self.slow = slow
        text = inspect.getdoc(function)
        if not text:
            raise ValueError(f"the demo {self.name!r} needs a docstring: its first paragraph is the caption")
        self.caption = " ".join(re.split(r"\n\s*\n", text)[0].split())
        self.takes_device = "device" in inspect.signature(function).parameters
        self.takes_progress = "progress" in inspect.signature(function).parameters
        self.controls: tuple[Control, ...] = controls_of(function)
        self._validated = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)
        self.__doc__ = text
        self.__module__ = function.__module__

    def __repr__(self) -> str:
        return f"<demo {self.name}: {self.title}>"

    @property
    def paper(self) -> str:
        """The slug of the paper it belongs to (from its module)."""
        return self.__module__.rpartition(".demo")[0].rpartition(".")[2]

    def defaults(self) -> dict[str, Any]:
        """Every control's default."""
        return {control.name: control.default for control in self.controls}

    def control(self, name: str) -> Control:
        """The control of that name; a ValueError lists the names."""
        for control in self.controls:
            if control.name == name:
                return control
        raise ValueError(
            f"{self.name} has no control {name!r}; it has {', '.join(c.name for c in self.controls)}"
        )

    def parse(self, texts: dict[str, str]) -> dict[str, Any]:
        """Values from texts (command line, addresses)."""
        return {name: self.control(name).from_text(text) for name, text in texts.items()}

    def __call__(self, **values):
        """Draw.

        Raises:
            ValueError: an unknown control, or a value outside its control, naming it and what is allowed.
        """
        for name, value in values.items():
            if name not in ("device", "progress"):
                self.control(name).check_drawing(value)
        try:
            return self._validated(**values)
        except ValidationError as error:
            raise ValueError(self._explain(error)) from None

    def render(self, **values) -> tuple:
        """Draw, always as a tuple of figures and tables."""
        drawn = self(**values)
        return drawn if isinstance(drawn, tuple) else (drawn,)

    def _explain(self, error: ValidationError) -> str:
        parts = []
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            control = next((c for c in self.controls if c.name == name), None)
            allowed = control.allowed() if control else problem["msg"]
            parts.append(f"{name}: {problem['input']!r} is not allowed; {allowed}")
        return "; ".join(dict.fromkeys(parts))


def demo(title: str, *, slow: bool = False) -> Callable[[Callable], Demo]:
    """Make a function a Demo.

    Args:
        title: what the picture shows, in a few words.
        slow: it trains or searches; front ends then show its progress and cache it for all users, and
            redraw when asked to rather than at every movement.
    """

    def decorate(function: Callable) -> Demo:
        return Demo(function, title, slow=slow)

    return decorate


def controls_of(function: Callable) -> tuple[Control, ...]:
    """The controls that a function's annotated parameters describe (all but `device` and `progress`)."""
    hints = typing.get_type_hints(function, include_extras=True)
    return tuple(
        _control(parameter, hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("device", "progress")
    )


def _control(parameter: inspect.Parameter, hint) -> Control:
    name = parameter.name
    if parameter.default is inspect.Parameter.empty:
        raise ValueError(f"the control {name!r} needs a default")
    base, marks = (
        (get_args(hint)[0], get_args(hint)[1:]) if get_origin(hint) is typing.Annotated else (hint, ())
    )
    found = {type(mark): mark for mark in _flatten(marks)}
    label = found[Label].text if Label in found else name.replace("_", " ")
    about = {
        "name": name,
        "label": label,
        "help": found[at.DocInfo].documentation if at.DocInfo in found else "",
        "default": parameter.default,
        "unit": found[at.Unit].unit if at.Unit in found else "",
    }
    if get_origin(base) is Literal:
        return Control(kind="choice", choices=get_args(base), **about)
    if base is bool:
        return Control(kind="switch", **about)
    if base is str:
        return Control(
            kind="text", max_length=found[at.MaxLen].max_length if at.MaxLen in found else None, **about
        )
    if Drawing in found:
        return Control(kind="drawing", drawing=found[Drawing], **about)
    if base in (int, float):
        low = found[at.Ge].ge if at.Ge in found else None
        high = found[at.Le].le if at.Le in found else None
        if low is None or high is None:
            raise ValueError(
                f"the control {name!r} needs both ends: Annotated[{base.__name__}, Interval(ge=..., le=...)]"
            )
        step = (
            found[Step].size
            if Step in found
            else found[at.MultipleOf].multiple_of
            if at.MultipleOf in found
            else None
        )
        if step is None:
            step = 1 if base is int else (high - low) / 100
        kind = "integer" if base is int else "real"
        return Control(kind=kind, low=low, high=high, step=step, log=found.get(Log), **about)
    raise ValueError(f"the control {name!r} has a type that no control can show: {_type_name(base)}")


def _flatten(marks) -> list:
    flat = []
    for mark in marks:
        flat += list(mark) if isinstance(mark, at.GroupedMetadata) else [mark]
    return flat


def _type_name(base) -> str:
    return str(base) if isinstance(base, types.GenericAlias) else getattr(base, "__name__", str(base))
