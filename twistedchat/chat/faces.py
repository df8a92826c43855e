"""Faces: through what people see the chat, a page or whatever else; found by person, to be told that they are shown out."""

from zope.interface import Interface


class IFace(Interface):
    """One way in which one person is in the chat."""

    def shownOut(channel: str, text: str) -> None:
        """The person may not be in ``channel`` any more; ``text`` tells them why. At once, and must not raise."""


class Faces:
    """The faces of everyone who is logged in; as many as there are live clients."""

    def __init__(self) -> None:
        self._faces: dict[str, dict[IFace, None]] = {}

    def add(self, key: str, face: IFace) -> None:
        """``face`` is one of the person with ``key``. Idempotent."""
        self._faces.setdefault(key, {})[face] = None

    def discard(self, key: str, face: IFace) -> None:
        """It is none any more. Idempotent."""
        theirs = self._faces.get(key, {})
        theirs.pop(face, None)
        if not theirs:
            self._faces.pop(key, None)

    def show_out(self, key: str, channel: str, text: str) -> None:
        """Show the person with ``key`` out of ``channel``, on every face."""
        for face in list(self._faces.get(key, {})):
            face.shownOut(channel, text)
