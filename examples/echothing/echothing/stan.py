"""The same echo with its template written in Python.

Run it in the folder that holds this package:  twistd -n chat --element=echothing.stan.StanEchoElement
"""

from typing import Any

from twisted.web.template import TagLoader, tags

from echothing.echobox import EchoElement

TEMPLATE = tags.div(
    tags.form(
        tags.label("Say: ", tags.input(class_="echo-text", maxlength="2000", autocomplete="off")),
        tags.button("Send"),
        class_="echo-say",
    ),
    tags.div(class_="echo-lines", role="log", **{"aria-label": "What came back"}),
    tags.p(class_="echo-count", role="status"),
    class_="echothing",
)


class StanEchoElement(EchoElement):
    """An echo whose markup comes from tags."""

    docFactory: Any = TagLoader(TEMPLATE)
