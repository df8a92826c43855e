"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Storage, plain, randomFrom } = require("./harness");
const { visitor, world } = require("./chatkit");

const NAMES = ["Ann", "Bob", "Eve"];
const RULES = {                 // [what they are to me, what I am to them] before and after, as contact_states.py has it
  askContact: (mine, theirs) => {
    if (mine === "blocked") { throw { error: "NotAllowed", text: "unblock them first" }; }
    if (mine === "friend") { return [mine, theirs]; }
    if (theirs === "blocked") { return ["asked", theirs]; }
    return theirs === "asked" ? ["friend", "friend"] : ["asked", "asking"];
  },
  removeContact: (mine, theirs) =>
    mine === "blocked" ? [mine, theirs] : ["none", theirs === "blocked" ? theirs : "none"],
  block: (mine, theirs) => ["blocked", theirs === "blocked" || theirs === "asked" ? theirs : "none"],
  unblock: (mine, theirs) => [mine === "blocked" ? "none" : mine, theirs]
};

/** The server's books of contacts, and who is told of a change. */
function withContacts(all) {
  const { server } = all;
  const books = {};
  const state = (of, whom) => (books[of] || {})[whom] || "none";
  const here = (key) => [...server.clients.values()].some((client) => client.you && client.you[0] === key);
  const line = (of, whom) => {
    const friend = state(of, whom) === "friend";
    return [whom, server.names[whom] || "", state(of, whom), friend && here(whom)];
  };
  const tell = (of, whom) => server.clients.forEach((client) => {
    if (client.you && client.you[0] === of) { server.put(client, "notify", [1, "contact", line(of, whom)]); }
  });
  const lines = (of) => Object.keys(books[of] || {}).filter((whom) => state(of, whom) !== "none").map((whom) => line(of, whom));
  const set = (of, whom, now) => {
    const before = state(of, whom);
    books[of] = { ...books[of], [whom]: now };
    if (before !== now) { tell(of, whom); }
  };
  Object.keys(RULES).forEach((method) => {
    server.handle[method] = (client, key) => {
      const me = client.you[0];
      const [mine, theirs] = RULES[method](state(me, key), state(key, me));
      set(me, key, mine);
      set(key, me, theirs);
      return mine;
    };
  });
  server.handle.contacts = (client) => lines(client.you[0]);
  return { books, lines, set, tell };
}

function begin() {
  const all = world();
  all.book = withContacts(all);
  return all;
}

const known = (page) => plain(page.chat.contacts).map((one) => [one.key, one.name, one.state, one.online]);

/** What was fetched before and the notifications since equal what is fetched after. */
function assertAsFetched(all, page) {
  const fresh = visitor(all, null, { storage: page.storage });
  all.clock.advance(500);
  assert.deepEqual(fresh.chat.you.key, page.chat.you.key);
  assert.deepEqual(known(page), known(fresh));
  assert.deepEqual(known(page).sort(), all.book.lines(page.chat.you.key).sort());
}

const person = (name) => ({ key: "u-" + name, name });

function outcome(deferred) {
  const told = [];
  deferred.addCallback((state) => told.push(state)).addErrback((error) => told.push(error.error));
  return told;
}

test("asked, accepted, ended, blocked and unblocked: told to every page of both, and the same as fetched anew", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  const bob = visitor(all, "Bob");
  const other = visitor(all, null, { storage: bob.storage });
  const pages = [ann, bob, other];
  const seen = [];
  bob.chat.on("contacts", (contact, before) => seen.push([contact && contact.state, before && before.state]));
  all.clock.advance(200);
  const steps = [
    [ann, "askContact", "Bob", "asked", ["u-Ann", "Ann", "asking", false]],
    [bob, "acceptContact", "Ann", "friend", ["u-Ann", "Ann", "friend", true]],
    [ann, "removeContact", "Bob", "none", null],
    [bob, "block", "Ann", "blocked", ["u-Ann", "Ann", "blocked", false]],
    [ann, "askContact", "Bob", "asked", ["u-Ann", "Ann", "blocked", false]],
    [bob, "unblock", "Ann", "none", null]
  ];
  steps.forEach(([who, method, whom, answer, bobs]) => {
    const told = outcome(who.chat[method](person(whom)));
    all.clock.advance(200);
    assert.deepEqual(told, [answer], method);
    assert.deepEqual(known(bob), bobs === null ? [] : [bobs], method);
    pages.forEach((page) => assertAsFetched(all, page));
  });
  assert.deepEqual(seen, [["asking", null], ["friend", "asking"], ["none", "friend"], ["blocked", null], ["none", "blocked"]]);
  assert.equal(bob.chat.contact("u-Ann"), null);
});

test("what is refused is told to who asked, at once, and changes nothing", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  ann.chat.block(person("Bob"));
  all.clock.advance(100);
  const told = outcome(ann.chat.askContact(person("Bob")));
  all.server.handle.removeContact = () => { throw { error: "TooFast", text: "slow", retry: 9 }; };
  const fast = outcome(ann.chat.removeContact(person("Bob")));
  all.clock.advance(100);
  assert.deepEqual([told, fast], [["NotAllowed"], ["TooFast"]]);
  assert.equal(ann.chat.contact("u-Bob").state, "blocked");
});

test("told before the answer that is older: the notification counts", () => {
  const all = begin();
  const bob = visitor(all, "Bob");
  let late = null;
  all.server.handle.contacts = (client) => { late = [client, client.calls[client.calls.length - 1][1][0], all.book.lines("u-Ann")]; };
  all.book.set("u-Ann", "u-Bob", "asked");
  const ann = visitor(all, "Ann");
  assert.deepEqual(late[2], [["u-Bob", "Bob", "asked", false]]);
  all.book.set("u-Ann", "u-Bob", "friend");
  all.book.set("u-Ann", "u-Gus", "asking");
  all.book.set("u-Ann", "u-Gus", "none");
  all.clock.advance(50);
  all.server.put(late[0], "respond", [late[1], true, late[2].concat([["u-Gus", "Gus", "asking", false]])]);
  all.clock.advance(50);
  assert.deepEqual(known(ann), [["u-Bob", "Bob", "friend", true]]);
  bob.chat.live.close();
});

test("a list that is not to be had now is asked for again, and not for ever", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  all.book.set("u-Ann", "u-Bob", "asking");
  const { contacts } = all.server.handle;
  let times = 0;
  all.server.handle.contacts = (client) => {
    times += 1;
    if (times < 3) { throw { error: "TooFast", text: "slow", retry: 3 }; }
    return contacts(client);
  };
  const other = visitor(all, null, { storage: ann.storage });
  all.clock.advance(2000);
  assert.deepEqual([times, known(other)], [1, []]);
  all.clock.advance(8000);
  assert.deepEqual([times, known(other)], [3, [["u-Bob", "", "asking", false]]]);
  all.server.handle.contacts = () => { times += 1; throw { error: "StoreUnavailable", text: "away" }; };
  const third = visitor(all, null, { storage: ann.storage });
  all.clock.advance(60000);
  assert.equal(times, 9);
  assert.deepEqual(third.seen.filter(([event]) => event === "problem").map(([, error]) => error.error), ["StoreUnavailable"]);
});

test("a new live client asks for all anew; a resumed one is told what it missed", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  visitor(all, "Bob");
  ann.chat.live.cut();
  all.book.set("u-Ann", "u-Bob", "asking");
  all.clock.advance(5000);
  assert.deepEqual(known(ann), [["u-Bob", "Bob", "asking", false]]);
  all.server.restart();
  all.book.books["u-Ann"] = { "u-Eve": "blocked" };
  all.clock.advance(20000);
  assert.deepEqual(known(ann), [["u-Eve", "", "blocked", false]]);
});

test("a change whose answer was lost is made again after the next login; StoreUnknown, after a while", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  const { askContact } = all.server.handle;
  let times = 0;
  all.server.handle.askContact = (...args) => { times += 1; askContact(...args); return undefined; };
  const told = outcome(ann.chat.askContact(person("Bob")));
  all.clock.advance(100);
  all.server.restart();
  all.server.handle.askContact = (...args) => {
    times += 1;
    if (times < 3) { throw { error: "StoreUnknown", text: "perhaps" }; }
    return askContact(...args);
  };
  all.clock.advance(30000);
  assert.deepEqual([told, times, ann.chat.contact("u-Bob").state], [["asked"], 3, "asked"]);
});

test("another person has other contacts: what was under way for the first is given up", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  ann.chat.block(person("Eve"));
  all.clock.advance(100);
  all.server.handle.unblock = () => undefined;
  const told = outcome(ann.chat.unblock(person("Eve")));
  all.clock.advance(100);
  const { login } = all.server.handle;
  all.server.handle.login = () => undefined;
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual([known(ann).length, told], [1, []]);
  ann.chat.logout();
  assert.deepEqual([known(ann), told], [[], ["Cancelled"]]);
  all.server.handle.login = login;
  ann.chat.login("Bob");
  all.clock.advance(20000);
  assert.deepEqual([ann.chat.you.name, known(ann)], ["Bob", []]);
  all.book.set("u-Bob", "u-Eve", "asking");
  all.clock.advance(100);
  assert.equal(ann.chat.contact("u-Eve").state, "asking");
});

test("after a logout nothing that is still under way comes back", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  all.book.set("u-Ann", "u-Bob", "asking");
  ann.chat.logout();
  all.clock.advance(200);
  assert.deepEqual(known(ann), []);
});

test("whatever happens and whatever is lost: each page has what the books have", () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const all = begin();
    const random = randomFrom(seed * 7919);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const pages = NAMES.map((name) => visitor(all, name));
    const methods = Object.keys(RULES);
    for (let step = 0; step < 40; step += 1) {
      const page = pick(pages);
      const way = random();
      if (way < 0.7) {
        const whom = pick(NAMES.filter((name) => !page.chat.isYou("u-" + name)));
        page.chat[pick(methods)](person(whom)).addErrback(() => null);
      } else if (way < 0.8) {
        page.chat.live.cut();
      } else if (way < 0.85) {
        all.server.loseAnswers += 1;
      } else if (way < 0.9) {
        all.server.restart();
      } else {
        all.clock.advance(random() * 4000);
      }
      all.clock.advance(random() * 60);
    }
    all.server.loseAnswers = 0;
    all.clock.advance(60000);
    all.server.clients.forEach((client) => {      // online is told with a friend's next line: let each have one
      if (client.you) { all.book.lines(client.you[0]).forEach((line) => all.book.tell(client.you[0], line[0])); }
    });
    all.clock.advance(1000);
    pages.forEach((page) => assertAsFetched(all, page));
  }
});

test("the private chats that there were, with who they were with", () => {
  const all = begin();
  const ann = visitor(all, "Ann");
  all.server.handle.privates = () => [["private/1", ["u-Bob", "Bob"], 7, 1234]];
  let listed = null;
  ann.chat.privates().addCallback((privates) => { listed = plain(privates); });
  all.clock.advance(100);
  assert.deepEqual(listed, [{ channel: "private/1", person: person("Bob"), head: 7, at: 1234 }]);
  const room = ann.chat.openPrivate("private/1", listed[0].person);
  all.clock.advance(100);
  assert.deepEqual([room.joined, room.kind, room.title], [true, "private", "Bob"]);
  assert.equal(ann.chat.openPrivate("private/1", listed[0].person), room);
});

test("a page without a login has no contacts and asks for none", () => {
  const all = begin();
  const none = visitor(all, null, { storage: new Storage() });
  const told = outcome(none.chat.askContact(person("Bob")));
  assert.deepEqual([told, known(none)], [["NotLoggedIn"], []]);
});
