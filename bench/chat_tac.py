"""The chat that is measured, for ``twistd -n -y``: as ``twistd chat`` makes it, but a sender may say as much as it likes."""

import os
from dataclasses import replace

from twisted.application.service import Application
from twisted.internet import reactor

from twistedchat.config import Limits, Settings
from twistedchat.process import Root
from twistedchat.service import make_service

_limits = replace(
    Limits(),
    calls_per_s=1e6,
    calls_burst=1_000_000,
    says_per_s=1e6,
    says_burst=1_000_000,
    address_says_per_s=1e6,
    address_says_burst=1_000_000,
)
_settings = Settings(
    http=("tcp:0:interface=127.0.0.1",),
    state_dir=os.environ["TWISTEDCHAT_BENCH_STATE"],
    backend=os.environ["TWISTEDCHAT_BENCH_BACKEND"],
    limits=_limits,
)

application = Application("twistedchat-bench")
_root = Root(reactor, _limits.stop_s)
make_service(_settings, reactor).setServiceParent(_root)
_root.setServiceParent(application)  # type: ignore[no-untyped-call]  # Twisted's own
