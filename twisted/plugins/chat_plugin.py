"""Make ``twistd chat`` known to Twisted; imports nothing of ours, so that ``twistd --help`` stays fast and safe."""

from twisted.application.service import ServiceMaker

chat = ServiceMaker(
    "Twisted chat", "twistedchat.tap", "one chat room for every browser and any proxy", "chat"
)
