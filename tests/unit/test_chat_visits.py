"""10 000 openings, closings, reloads and resumes in simulated time: one join and one leave a real visit."""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from chat_kit import House
from kit import Page
from test_live_server import turn

from twistedchat.chat.chatter import make_chatters
from twistedchat.live.server import LiveLimits, LiveServer

ROOM = "room/lobby"
GRACE_S = 15
WINDOW_S = 90
PEOPLE = 8
MOST_TABS = 3
STEPS = 10_000


@dataclass
class Tab:
    """A page of somebody's: connected, or lost at some time and able to resume."""

    page: Page
    life: str
    lost_at: float | None = None


@dataclass
class Someone:
    """A person, their tabs, and how often they have come so far."""

    name: str
    ticket: str | None = None
    key: str = ""
    tabs: list[Tab] = field(default_factory=list)
    visits: int = 0
    closed_at: list[float] = field(default_factory=list)

    def tabs_that(self, connected: bool) -> list[Tab]:
        return [tab for tab in self.tabs if (tab.lost_at is None) is connected]

    def is_here(self, now: float) -> bool:
        """The rule: a tab is connected, or was lost so lately that it may come back."""
        return bool(self.tabs_that(connected=True)) or any(at + GRACE_S > now for at in self.lost_at())

    def lost_at(self) -> list[float]:
        """When they lost or closed a tab."""
        return self.closed_at + [tab.lost_at for tab in self.tabs if tab.lost_at is not None]


class Town:
    """A house, people who come and go, and somebody who watches all of them."""

    def __init__(self, seed: int) -> None:
        self.house = House()
        self.clock = self.house.clock
        limits = LiveLimits(calls_burst=10**6, silence_s=1e9, window_s=90)
        self.live = LiveServer(self.clock, {"chat": make_chatters(self.house.chat)}, limits=limits)
        self.clock.advance(100)  # the house is not young any more
        self.chance = random.Random(seed)
        self.pages = 0
        self.came: Counter[str] = Counter()
        self.went: Counter[str] = Counter()
        self.people = [Someone(f"Person {number}") for number in range(PEOPLE)]
        self.watching = Someone("Watcher")
        self.watcher = self.enter(self.watching).page
        turn(self.clock, 2)
        self.watcher.session.clear()

    # --- what happens

    def step(self) -> None:
        """Something happens to somebody, and a little time passes."""
        someone = self.chance.choice(self.people)
        todo = [self.wait]
        if len(someone.tabs) < MOST_TABS:
            todo.append(self.open)
        if someone.tabs_that(connected=True):
            todo += [self.close, self.leave, self.lose, self.reload]
        if someone.tabs_that(connected=False):
            todo += [self.resume, self.give_up]
        self.chance.choice(todo)(someone)
        turn(self.clock, 2)
        while self.anything_ends_now():
            turn(self.clock, 1)  # it is told within a second

    def anything_ends_now(self) -> bool:
        now = self.clock.seconds()
        return any(now - 1 <= at + GRACE_S <= now for someone in self.people for at in someone.lost_at())

    def wait(self, someone: Someone) -> None:
        turn(self.clock, self.chance.choice((2, 5, 14, 16, 40)))

    def open(self, someone: Someone) -> None:
        self.comes(someone)
        someone.tabs.append(self.enter(someone))

    def close(self, someone: Someone) -> None:
        """A page that goes says so; it may be a reload, so that the grace begins all the same."""
        tab = self.chance.choice(someone.tabs_that(connected=True))
        tab.page.say(["bye"])
        someone.tabs.remove(tab)
        someone.closed_at.append(self.clock.seconds())

    def leave(self, someone: Someone) -> None:
        """Who leaves the room on purpose waits for nothing, except for their other tabs."""
        tab = self.chance.choice(someone.tabs_that(connected=True))
        tab.page.say(["leave", 99, [ROOM]])
        someone.tabs.remove(tab)

    def lose(self, someone: Someone) -> Tab:
        tab = self.chance.choice(someone.tabs_that(connected=True))
        tab.page.session.lost()
        tab.lost_at = self.clock.seconds()
        return tab

    def reload(self, someone: Someone) -> None:
        self.lose(someone)
        self.open(someone)

    def give_up(self, someone: Someone) -> None:
        """A tab that was closed without a word: it never comes back, and nobody knows."""
        now = self.clock.seconds()
        over = [tab for tab in someone.tabs_that(connected=False) if (tab.lost_at or 0) + GRACE_S <= now]
        for tab in over[:1]:
            someone.tabs.remove(tab)

    def resume(self, someone: Someone) -> None:
        tab = self.chance.choice(someone.tabs_that(connected=False))
        self.comes(someone)
        tab.page.connect(life=tab.life)
        self.clock.advance(0)
        welcome = tab.page.heard("welcome")[0][1]
        tab.life, tab.lost_at = welcome["life"], None
        if not welcome["resumed"]:
            tab.page.seq = 0
            self.login(someone, tab.page)

    def comes(self, someone: Someone) -> None:
        """Somebody opens or resumes a tab: a visit begins unless they are here."""
        someone.visits += not someone.is_here(self.clock.seconds())

    def enter(self, someone: Someone) -> Tab:
        self.pages += 1
        page = Page(self.live, f"page{self.pages}-")
        page.connect()
        self.clock.advance(0)
        self.login(someone, page)
        return Tab(page, page.heard("welcome")[0][1]["life"])

    def login(self, someone: Someone, page: Page) -> None:
        ok, told = page.answer("login", None if someone.ticket else someone.name, someone.ticket)
        assert ok, told
        someone.ticket, someone.key = told["ticket"], told["you"][0]
        page.join(ROOM)

    # --- what must be true

    def look(self) -> None:
        """What the watcher was told is one join for each visit, and one leave for each that is over; and who is here."""
        for message in self.watcher.heard("presence"):
            assert message[3] == "delta"
            self.came.update(key for key, _ in message[4])
            self.went.update(key for key, _ in message[5])
        self.watcher.session.clear()
        now = self.clock.seconds()
        for someone in self.people:
            someone.closed_at = [at for at in someone.closed_at if at + GRACE_S > now]
            here = someone.is_here(now)
            told = self.came[someone.key], self.went[someone.key]
            assert told == (someone.visits, someone.visits - here), f"{someone.name} at {now}"


@pytest.mark.parametrize("seed", range(20 if os.environ.get("TWISTEDCHAT_SOAK") else 1))
def test_one_join_and_one_leave_a_visit(seed: int) -> None:
    town: Any = Town(seed)
    for _ in range(STEPS):
        town.step()
        town.look()
    assert sum(someone.visits for someone in town.people) > STEPS // 30
