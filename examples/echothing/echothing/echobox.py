"""An echo: what a page says to its element, the element says back.

Run it in the folder that holds this package:  twistd -n chat --element=echothing.echobox.EchoElement
"""

from typing import Annotated, Any

from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.python.filepath import FilePath
from twisted.web.template import XMLFile

from twistedchat.live.element import LiveElement, expose

Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class EchoElement(LiveElement):
    """One page's echo."""

    jsClass = "EchoThing.EchoWidget"
    docFactory: Any = XMLFile(FilePath(__file__).sibling("echo.xml"))

    @expose
    def say(self, text: Text) -> Deferred[int]:
        """Have the widget add ``text``; answer what it answers: how many lines it shows."""
        return self.callRemote("addText", text)
