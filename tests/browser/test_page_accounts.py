"""Accounts in the page: made at the door, logged in to, given another password; the fields of a password manager."""

from browserkit.drive import Browser, Page
from browserkit.server import ChatServer

IN = "(name) => document.getElementById('app').offsetWidth > 0 && document.getElementById('me-name').textContent === name"
OUT = "() => document.getElementById('entry').offsetWidth > 0"


def choose(page: Page, opener: str, label: str) -> None:
    """Choose from a menu, or press one of several buttons."""
    page.evaluate("(opener) => document.querySelector(opener).click()", opener)
    page.evaluate(
        "(label) => [...document.querySelectorAll('#menu button')].find((item) => item.textContent === label).click()",
        label,
    )


def come_in(page: Page, way: str, name: str, password: str) -> None:
    """Fill in the card at the door as a person would."""
    page.wait_until(OUT)
    page.evaluate(
        """(way, name) => {
          const button = document.querySelector(`#login-ways [data-way=${way}]`);
          if (button.offsetWidth > 0) { button.click(); }
          document.getElementById("name").value = name;
          document.getElementById("password").focus();
        }""",
        way,
        name,
    )
    page.write(password)
    page.press("Enter")


def test_an_account_is_made_logged_in_to_and_given_another_password(
    browser: Browser, server: ChatServer
) -> None:
    name = f"Account {browser.name}"
    page = browser.open(f"{server.url}?room=accounts")
    come_in(page, "register", name, "the first of them")
    page.wait_until(IN, name)
    key = page.evaluate("() => twistedchatPage.chat.you.key")
    choose(page, "#me", "Change my password…")
    page.wait_until("() => document.activeElement.id === 'account-old'")
    page.write("the first of them")
    page.press("Tab")
    page.write("the second of them")
    page.press("Enter")
    page.wait_until("() => document.getElementById('account').offsetWidth === 0")
    choose(page, "#me", "Log out")
    come_in(page, "account", name, "the first of them")
    page.wait_until("() => /wrong/.test(document.getElementById('login-error').textContent)")
    page.evaluate("() => document.getElementById('password').select()")
    page.write("the second of them")
    page.press("Enter")
    page.wait_until(IN, name)
    assert page.evaluate("() => twistedchatPage.chat.you.key") == key
    assert page.evaluate("() => document.getElementById('password').value") == ""


def test_a_guest_keeps_the_room_and_the_name_with_an_account(browser: Browser, server: ChatServer) -> None:
    name = f"Guest-{browser.name}"
    page = browser.open(f"{server.url}?room=accounts&name={name}")
    page.evaluate("() => document.getElementById('login').click()")
    page.wait_until(IN, name)
    key = page.evaluate("() => twistedchatPage.chat.you.key")
    choose(page, "#me", "Make an account…")
    page.evaluate("() => document.getElementById('account-new').focus()")
    page.write("short")
    page.press("Enter")
    page.wait_until("() => /characters/.test(document.getElementById('account-error').textContent)")
    page.evaluate("() => document.getElementById('account-new').select()")
    page.write("long enough for one")
    page.press("Enter")
    page.wait_until("() => twistedchatPage.chat.kind === 'account'")
    assert page.evaluate("() => twistedchatPage.chat.you") == {"key": key, "name": name}
    assert page.evaluate("() => twistedchatPage.chat.open.length") == 1
