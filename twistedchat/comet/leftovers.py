"""What an open WebSocket can do without: most of autobahn's 90 attributes, which are 3 KB on each of very many connections.

Options of the factory become the class's own, and what rests at its default is looked up there. What autobahn sets later
stands on the protocol as ever.
"""

from inspect import isfunction
from typing import Any

# Of the handshake; nobody asks for them afterwards.
_HANDSHAKE = frozenset(
    {
        "http_headers",
        "http_request_data",
        "http_request_host",
        "http_request_params",
        "http_request_path",
        "http_request_uri",
        "http_response_data",
        "http_status_line",
        "websocket_extensions",
        "websocket_extensions_in_use",
        "websocket_origin",
        "websocket_protocols",
        "_wskey",
    }
)
# What these say at rest; on whichever connection that is not so it is kept.
_RESTING: dict[str, Any] = {
    **dict.fromkeys(
        (
            "_perMessageCompress",
            "autoPingPending",
            "autoPingPendingCall",
            "autoPingPendingSent",
            "autoPingTimeoutCall",
            "closeHandshakeTimeoutCall",
            "current_frame",
            "localCloseCode",
            "localCloseReason",
            "openHandshakeTimeoutCall",
            "remoteCloseCode",
            "remoteCloseReason",
            "trackedTimings",
            "wasNotCleanReason",
            "websocket_protocol_in_use",
        )
    ),
    **dict.fromkeys(
        (
            "closedByMe",
            "droppedByMe",
            "failedByMe",
            "inside_message",
            "triggered",
            "wasClean",
            "wasCloseHandshakeTimeout",
            "wasMaxFramePayloadSizeExceeded",
            "wasMaxMessagePayloadSizeExceeded",
            "wasOpenHandshakeTimeout",
            "wasServerConnectionDropTimeout",
            "wasServingFlashSocketPolicyFile",
        ),
        False,
    ),
}


def settled(protocol: type[Any], factory: Any) -> type[Any]:
    """Return ``protocol`` with ``factory``'s options and autobahn's defaults as attributes of the class."""
    options = {name: _as_attribute(getattr(factory, name)) for name in protocol.CONFIG_ATTRS}
    return type(protocol.__name__, (protocol,), {**dict.fromkeys(_HANDSHAKE), **_RESTING, **options})


def _as_attribute(value: Any) -> Any:
    """Keep a function that is an option from becoming a method of the class."""
    return staticmethod(value) if isfunction(value) else value


def shed(protocol: Any) -> None:
    """Drop what ``protocol``, an instance of such a class whose handshake is done, has no more use for."""
    kept = {
        name: value
        for name, value in vars(protocol).items()
        if name not in _HANDSHAKE and (name not in _RESTING or value is not _RESTING[name])
    }
    if not protocol.send_queue:
        # Only writes in pieces queue here, and we make none: whatever tried to would fail on this connection alone.
        kept["send_queue"] = ()
    protocol.__dict__ = kept
