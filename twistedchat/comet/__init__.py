"""SockJS sessions over twisted.web: any message-based Twisted protocol, served to any browser.

``CometResource(factory)`` is what a site mounts; a protocol of ``factory`` talks to an ``ISessionTransport``.
"""

from twistedchat.comet.resource import CometResource
from twistedchat.comet.transport import SessionClosed
from twistedchat.core.policy import MountPolicy

__all__ = ["CometResource", "MountPolicy", "SessionClosed"]
