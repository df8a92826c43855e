"""The chat in a configuration of your own; ``kill -USR1`` its process to show an alert to everyone in it.

Run it: ``twistd -n -y examples/announce.tac``. CHAT_HTTP and CHAT_STATE choose where it listens and keeps its state.
"""

import os
import signal

from twisted.application.service import Application
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred

from twistedchat.config import Settings
from twistedchat.service import make_service

settings = Settings(
    http=(os.environ.get("CHAT_HTTP", "tcp:8080"),),
    state_dir=os.path.abspath(os.environ.get("CHAT_STATE", "twistedchat-state")),
)
service = make_service(settings, reactor)


def announce():
    """Tell everyone, whichever room they are in."""
    ensureDeferred(service.house.chat.alert("Tea is ready."))


def on_signal(*_):
    reactor.callFromThread(announce)


reactor.callWhenRunning(signal.signal, signal.SIGUSR1, on_signal)
application = Application("chat")
service.setServiceParent(application)
