"use strict";
// Several tabs of a browser share one kept ticket: what each of them does with it when it is refused, or a new one comes.
const test = require("node:test");
const assert = require("node:assert");
const { visitor, world } = require("./chatkit");

const KEY = "twistedchat.ticket";
const TEXT = "the password was changed; log in again";

/** Tickets with numbers, of which only those that were not voided are good. */
function withTickets(all) {
  const { login } = all.server.handle;
  const good = {};
  let count = 0;
  const give = (client, welcome) => {
    count += 1;
    good["t" + count] = client.you[0];
    return { ...welcome, ticket: "t" + count };
  };
  const voidAll = (key) => Object.keys(good).filter((one) => good[one] === key).forEach((one) => { delete good[one]; });
  all.server.handle.login = (client, name, ticket) => {
    if (ticket && !good[ticket]) { throw { error: "BadTicket", text: "void" }; }
    return give(client, login(client, name, ticket && "ticket-" + good[ticket]));
  };
  all.server.handle.register = (client, name) => {
    voidAll(client.you[0]);
    return give(client, { ...login(client, name, "ticket-" + client.you[0]), kind: "account" });
  };
  all.server.handle.changePassword = (client) => {
    voidAll(client.you[0]);
    const me = client.you;
    all.server.clients.forEach((other) => {
      if (other !== client && other.you && other.you[0] === me[0]) {
        other.you = null;
        other.subscribed.forEach((_, channel) => all.server.send(other, ["reset", channel, "removed"]));
        other.subscribed.clear();
        all.server.put(other, "notify", [1, "loggedOut", [TEXT]]);
      }
    });
    return give(client, login(client, null, "ticket-" + me[0]));
  };
  return { good, voidAll };
}

function begin() {
  const all = world();
  all.tickets = withTickets(all);
  return all;
}

/** Two tabs of one browser, the second logged in by the ticket of the first. */
function tabs(all) {
  const first = visitor(all, "Ann");
  const second = visitor(all, null, { storage: first.storage });
  all.clock.advance(200);
  assert.equal(second.chat.you.key, "u-Ann");
  return [first, second];
}

const problems = (page) => page.seen.filter(([event]) => event === "problem").map(([, error]) => [error.error, error.text]);

test("logged out by the server: out of everything, the text is told, and the ticket that was this page's is forgotten", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  const room = ann.chat.join("room/lobby");
  all.clock.advance(200);
  const elsewhere = visitor(all, "Ann");
  elsewhere.chat.changePassword("old", "new");
  all.clock.advance(200);
  assert.deepEqual([ann.chat.you, ann.chat.hasTicket(), ann.storage.getItem(KEY)], [null, false, null]);
  assert.deepEqual(problems(ann), [["LoggedOut", TEXT]]);
  assert.deepEqual([room.joined, ann.chat.open.length, [...all.server.clients.values()][0].subscribed.size], [false, 0, 0]);
  assert.ok(elsewhere.chat.hasTicket());
  ann.chat.login("Ann", "new");
  all.clock.advance(200);
  assert.equal(ann.chat.you.key, "u-Ann");
});

["before", "after"].forEach((when) => {
  test("a password changed in another tab, whose new ticket is kept " + when + " we are logged out: in again by it", () => {
    const all = begin();
    const [first, second] = tabs(all);
    if (when === "before") {
      second.chat.live.cut();
    }
    first.chat.changePassword("old", "new");
    all.clock.advance(5);
    if (when === "before") {
      all.clock.advance(20);
      assert.notEqual(first.storage.getItem(KEY), second.chat.ticket);
    }
    all.clock.advance(5000);
    second.page.dispatch("storage");
    all.clock.advance(500);
    assert.deepEqual([first.chat.you.key, second.chat.you && second.chat.you.key], ["u-Ann", "u-Ann"]);
    assert.ok(all.tickets.good[first.storage.getItem(KEY)], "the kept ticket is good");
  });
});

test("the kept ticket is void as well: the page is told why it was logged out, once", () => {
  const all = begin();
  const [first, second] = tabs(all);
  const elsewhere = visitor(all, "Ann");
  elsewhere.chat.changePassword("old", "new");
  all.clock.advance(1000);
  [first, second].forEach((page) => {
    assert.deepEqual([page.chat.you, page.chat.hasTicket()], [null, false]);
    assert.deepEqual(problems(page), [["LoggedOut", TEXT]]);
  });
  assert.equal(first.storage.getItem(KEY), null);
});

test("an account made in one tab: the other's old ticket is refused later, and the new one is tried and kept", () => {
  const all = begin();
  const [first, second] = tabs(all);
  const old = second.chat.ticket;
  first.chat.register("Ann", "long enough");
  all.clock.advance(200);
  const kept = first.storage.getItem(KEY);
  assert.notEqual(kept, old);
  const room = second.chat.join("room/lobby");
  all.server.restart();
  all.clock.advance(20000);
  assert.equal(second.chat.you.key, "u-Ann");
  assert.deepEqual(problems(second), []);
  assert.ok(room.joined);
  assert.ok(all.tickets.good[first.storage.getItem(KEY)]);
});

test("a ticket that is refused is forgotten where it is the kept one, and a new one of another tab is taken when it comes", () => {
  const all = begin();
  const [first, second] = tabs(all);
  all.tickets.voidAll("u-Ann");
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual([first.chat.you, second.chat.you, first.storage.getItem(KEY)], [null, null, null]);
  first.chat.login("Ann", "password");
  all.clock.advance(200);
  second.page.dispatch("storage");
  all.clock.advance(200);
  assert.equal(second.chat.you.key, "u-Ann");
});

test("a new ticket that was removed unseen, together with the old one, is the one that is told: in again, and kept", () => {
  const all = begin();
  const [first, second] = tabs(all);
  first.chat.changePassword("old", "new");
  all.clock.advance(200);
  second.chat.logout();                      // removes what the first has kept
  second.chat.turnedAway = true;
  second.page.dispatch("storage", { key: "another", newValue: "t" });
  all.clock.advance(200);
  assert.equal(second.chat.you, null);
  second.page.dispatch("storage", { key: KEY, newValue: first.chat.ticket });
  all.clock.advance(200);
  assert.equal(second.chat.you.key, "u-Ann");
  assert.equal(all.tickets.good[first.storage.getItem(KEY)], "u-Ann");
});

test("who logged out stays out, whatever other tabs keep", () => {
  const all = begin();
  const [first, second] = tabs(all);
  second.chat.logout();
  first.chat.register("Ann", "long enough");
  all.clock.advance(200);
  second.page.dispatch("storage");
  all.clock.advance(200);
  assert.equal(second.chat.you, null);
});

test("a page that comes back by its ticket does not put it over that of somebody who logged in since", () => {
  const all = begin();
  const [, second] = tabs(all);
  const bob = visitor(all, null, { storage: second.storage });
  bob.chat.logout();
  bob.chat.login("Bob");
  all.clock.advance(200);
  const kept = second.storage.getItem(KEY);
  second.chat.live.cut();
  all.server.clients.clear();
  all.clock.advance(20000);
  assert.equal(second.chat.you.key, "u-Ann");
  assert.equal(all.tickets.good[second.storage.getItem(KEY)], all.tickets.good[kept]);
});
