"""Faces: through what people see the chat, a page or whatever else; found by person, to be told what concerns only them."""

from typing import Any

from zope.interface import Interface


class IFace(Interface):
    """One way in which one person is in the chat. All methods return at once and must not raise."""

    def shownOut(channel: str, text: str) -> None:
        """The person may not be in ``channel`` any more; ``text`` tells them why."""

    def hidden(channel: str) -> None:
        """The person goes on reading ``channel``, and is not to be seen in it any more. Idempotent."""

    def loggedOut(text: str) -> None:
        """The person has to log in again here; ``text`` tells them why."""

    def told(method: str, *args: Any) -> None:
        """Something of docs/protocol.md, section 9, that is told to one person: its name and its JSON values."""


class Faces:
    """The faces of everyone who is logged in; as many as there are live clients."""

    def __init__(self) -> None:
        self._faces: dict[str, dict[IFace, None]] = {}
        self._inside: dict[
            str, dict[IFace, str]
        ] = {}  # by channel: who may read it on, with the key of the person

    def add(self, key: str, face: IFace) -> None:
        """``face`` is one of the person with ``key``. Idempotent."""
        self._faces.setdefault(key, {})[face] = None

    def discard(self, key: str, face: IFace) -> None:
        """It is none any more. Idempotent."""
        theirs = self._faces.get(key, {})
        theirs.pop(face, None)
        if not theirs:
            self._faces.pop(key, None)

    # --- who may read on, also while their connection is lost

    def entered(self, channel: str, key: str, face: IFace) -> None:
        """``face``, of the person with ``key``, may read ``channel`` from now on. Idempotent."""
        self._inside.setdefault(channel, {})[face] = key

    def left(self, channel: str, face: IFace) -> None:
        """It may not any more, or does not want to. Idempotent."""
        there = self._inside.get(channel, {})
        there.pop(face, None)
        if not there:
            self._inside.pop(channel, None)

    def inside(self, channel: str) -> list[str]:
        """Return the keys of those who may read ``channel`` on, were they told so or not: also who lost their connection
        so long ago that nobody sees them there."""
        return list(dict.fromkeys(self._inside.get(channel, {}).values()))

    # --- telling them

    def show_out(self, key: str, channel: str, text: str) -> None:
        """Show the person with ``key`` out of ``channel``, on every face."""
        for face in self._of(key):
            face.shownOut(channel, text)

    def log_out(self, key: str, text: str, but: IFace) -> None:
        """Log the person with ``key`` out, on every face but one."""
        for face in self._of(key):
            if face is not but:
                face.loggedOut(text)

    def hide(self, key: str, channel: str) -> None:
        """Let the person with ``key`` not be seen in ``channel``, by any face."""
        for face in self._of(key):
            face.hidden(channel)

    def tell(self, key: str, method: str, *args: Any) -> None:
        """Tell the person with ``key`` something, on every face; nothing where they have none."""
        for face in self._of(key):
            face.told(method, *args)

    def _of(self, key: str) -> list[IFace]:
        return list(self._faces.get(key, ()))
