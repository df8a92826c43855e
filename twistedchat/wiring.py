"""From what the operator chose to the parts of the house: the policies, rules and limits of each."""

from collections.abc import Callable
from typing import Any

from twistedchat.chat.chatter import make_chatters
from twistedchat.chat.house import Chat, ChatRules
from twistedchat.chat.messages import TextRules
from twistedchat.chat.names import BadName
from twistedchat.chat.rooms import Room, RoomKind, room_channel
from twistedchat.config import Limits, Settings, WrongValue
from twistedchat.core.policy import BRIEF_HOLD_S, MountPolicy
from twistedchat.core.presence import Presence
from twistedchat.live.scripts import MissingScript, Scripts
from twistedchat.live.server import LiveLimits, LiveServer
from twistedchat.loading import load_element


def mount_policy(settings: Settings, brief: bool = False) -> MountPolicy:
    """Return the policy of the live mount, or of its brief twin, whose polls hold no connection for long."""
    limits = settings.limits
    return MountPolicy(
        transports=settings.transports,
        heartbeat_s=limits.heartbeat_s,
        disconnect_delay_s=limits.disconnect_delay_s,
        hold_s=BRIEF_HOLD_S if brief else None,
        response_limit_bytes=limits.response_limit_bytes,
        max_message_bytes=limits.max_message_chars,
        max_body_bytes=limits.max_body_bytes,
        outbox_bytes=limits.session_buffer_bytes,
        document_domain=False,
        sockjs_url=f"{settings.prefix}/static/vendor/sockjs-client-1.6.1/sockjs.min.js",
        max_sessions=limits.max_sessions,
        max_sessions_per_address=limits.max_sessions_per_address,
    )


def chat_rules(settings: Settings) -> ChatRules:
    """Return the rules of the chat.

    Raises:
        Refusal: a room cannot be called so.
    """
    limits = settings.limits
    rooms = [
        Room(
            _channel_of(room.title),
            room.title,
            RoomKind(room.kind),
            room.topic,
            keep_entries=room.retention_entries,
            keep_s=room.retention_days * 86_400,
        )
        for room in settings.rooms
    ]
    return ChatRules(
        tuple(rooms),
        limits.max_rooms,
        settings.user_rooms,
        texts=TextRules(limits.max_text_chars, limits.edit_s),
        address_says_per_s=limits.address_says_per_s,
        address_says_burst=limits.address_says_burst,
        address_rooms_per_s=limits.address_rooms_per_s,
        address_rooms_burst=limits.address_rooms_burst,
    )


def _channel_of(title: str) -> str:
    try:
        return room_channel(title)
    except BadName as error:
        raise WrongValue("rooms", f"{title!r}: {error}") from error


def make_presence(limits: Limits) -> Presence:
    """Return the presence of a new channel."""
    return Presence(limits.presence_grace_s, limits.presence_interval_s, limits.presence_names)


def make_live_server(settings: Settings, reactor: Any, chat: Chat, scripts: Scripts) -> LiveServer:
    """Return the live server with its root elements.

    Raises:
        Refusal: the operator's own element cannot be used.
    """
    limits = settings.limits
    roots: dict[str, Callable[..., Any]] = {"chat": make_chatters(chat, limits.snapshot)}
    if settings.element is not None:
        factory = element_factory(settings.element, scripts)
        roots["element"] = lambda client: factory()
    return LiveServer(
        reactor,
        roots,
        scripts,
        LiveLimits(
            window_s=limits.window_s,
            silence_s=limits.silence_s,
            state_every_s=limits.heartbeat_s,
            hello_within_s=limits.hello_timeout_s,
            unproven_per_address=limits.max_unproven_per_address,
            basket_chars=limits.max_basket_bytes,
            refill_chars=limits.refill_bytes,
            channels=limits.max_channels_per_client,
            calls_per_s=limits.calls_per_s,
            calls_burst=limits.calls_burst,
            clients=limits.max_sessions,
            clients_per_address=limits.max_clients_per_address,
            baskets_per_address_chars=limits.max_baskets_per_address_bytes,
        ),
    )


def element_factory(name: str, scripts: Scripts) -> Callable[..., Any]:
    """Return the factory of the operator's own element.

    Raises:
        Refusal: it cannot be loaded, or its element's script is missing.
    """
    factory = load_element(name)
    try:
        scripts.check(factory)
    except MissingScript as error:
        raise WrongValue("element", f"{name}: {error}") from error
    return factory
