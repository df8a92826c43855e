"""The chat room in a klein site of one's own.

Run it in the folder that holds this package:  python -m chatthing.site [ENDPOINT]
"""

import sys
from typing import Any

from klein import Klein
from twisted.internet import reactor
from twisted.web.template import Element, Tag, TagLoader, renderer, tags

from chatthing.chatterbox import chat
from twistedchat.web.live import LiveResource
from twistedchat.web.pages import page_policy

app = Klein()
live = LiveResource(chat, at="/live")


class FrontPage(Element):
    """A page of the site, with the chat room in it."""

    loader = TagLoader(
        tags.html(
            tags.head(
                tags.meta(charset="utf-8"),
                tags.title("Our site"),
                tags.link(rel="icon", href="/live/static/icon.svg", type="image/svg+xml"),
            ),
            tags.transparent(render="body"),
            lang="en",
        )
    )

    @renderer
    def body(self, request: Any, tag: Tag) -> Tag:
        """What is ours, and the chat room below it."""
        return live.body(tags.h1("Our site"), tags.p("Come in and talk."))


@app.route("/")
def front(request: Any) -> FrontPage:
    """Serve the front page."""
    request.setHeader("Content-Type", "text/html; charset=utf-8")
    request.setHeader("Content-Security-Policy", page_policy("'none'"))
    return FrontPage()


@app.route("/live/", branch=True)
def live_objects(request: Any) -> LiveResource:
    """Serve the connections and the scripts."""
    return live


if __name__ == "__main__":
    reactor.addSystemEventTrigger("before", "shutdown", live.stop)
    app.run(endpoint_description=(sys.argv[1:] or ["tcp:8080"])[0], displayTracebacks=False)
