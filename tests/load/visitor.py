"""A visitor of the dashboard without a browser: it speaks Streamlit's websocket protocol and moves controls.

What a browser does when a slider moves is one message: the states of all widgets, and the fragment that the slider
stands in. The server answers with the page's new elements and says when its script has ended.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from tornado.websocket import WebSocketClosedError, websocket_connect

ABSENT = "is not on this machine"  # a data set that must be fetched first: an explanation, not an error
KINDS = ("slider", "selectbox", "button_group", "checkbox")


@dataclass
class Widget:
    """A control on the page."""

    key: str
    kind: str
    proto: object
    fragment: str


@dataclass
class Visitor:
    """One session.

    Attributes:
        waits: seconds from each move to the end of the server's script.
        errors: what the page showed in red.
    """

    address: str
    seed: int
    patience: float = 60.0
    waits: list[float] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    widgets: dict[str, Widget] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)

    def __post_init__(self):
        self.random = random.Random(self.seed)

    async def arrive(self, page: str, query: str = "") -> None:
        """Open a page in a session of its own."""
        self.socket = await websocket_connect(
            f"ws://{self.address}/_stcore/stream", subprotocols=["streamlit"], max_message_size=1 << 28
        )
        self.page, self.query = page, query
        await self._run()

    async def leave(self) -> None:
        """Close the session."""
        self.socket.close()

    async def move(self, allowed: Callable[[str], bool] = lambda key: True) -> None:
        """Give one of the allowed controls another value and wait for the new pictures."""
        choices = [widget for widget in self.widgets.values() if allowed(widget.key)]
        if not choices:
            raise LookupError(f"the page {self.page} has no such control; it has {sorted(self.widgets)}")
        widget = self.random.choice(choices)
        self.states[widget.proto.id] = self._other_value(widget)
        begun = time.perf_counter()
        await self._run(widget.fragment)
        self.waits.append(time.perf_counter() - begun)
        self.moved.append(widget.key)

    async def _run(self, fragment: str = "") -> None:
        message = BackMsg()
        run = message.rerun_script
        run.page_name, run.query_string, run.fragment_id = self.page, self.query, fragment
        run.widget_states.widgets.extend(self.states.values())
        await self.socket.write_message(message.SerializeToString(), binary=True)
        if not fragment:
            self.widgets.clear()
        async with asyncio.timeout(self.patience):
            while not self._receive(await self.socket.read_message()):
                pass

    def _receive(self, data: bytes | None) -> bool:
        """Take a message in; whether the script has ended."""
        if data is None:
            raise WebSocketClosedError("the server has closed the session")
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            return message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            )
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = element.WhichOneof("type")
            if name == "exception":
                self.errors.append(element.exception.message)
            elif name == "alert" and element.alert.format == element.alert.ERROR:
                if ABSENT not in element.alert.body:
                    self.errors.append(element.alert.body)
            elif name in KINDS:
                proto = getattr(element, name)
                key = proto.id.split("-", 2)[-1]
                self.widgets[key] = Widget(key, name, proto, message.delta.fragment_id)
        return False

    def _other_value(self, widget: Widget) -> WidgetState:
        proto, state = widget.proto, WidgetState(id=widget.proto.id)
        if widget.kind == "checkbox":
            now = self.states[proto.id].bool_value if proto.id in self.states else proto.default
            state.bool_value = not now
        elif widget.kind == "selectbox":
            state.string_value = self.random.choice(list(proto.options))
        elif widget.kind == "button_group":
            state.string_array_value.data[:] = [self.random.choice([o.content for o in proto.options])]
        elif proto.options:  # a slider over a list of values
            state.string_array_value.data[:] = [self.random.choice(list(proto.options))]
        else:
            steps = round((proto.max - proto.min) / proto.step)
            value = proto.min + proto.step * self.random.randint(0, steps)
            state.double_array_value.data[:] = [min(value, proto.max)]
        return state
