"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Storage, plain } = require("./harness");
const { LOBBY, count, inLobby, shown, visitor, world } = require("./chatkit");

test("login by name: who we are, the rooms, and our own and the house's channel before any room", () => {
  const all = world();
  const { chat, login, page } = visitor(all, "Ann");
  assert.deepEqual(login, [{ key: "u-Ann", name: "Ann" }]);
  assert.deepEqual(plain(chat.rooms), [{ channel: LOBBY, title: "The lobby", count: 1 }]);
  assert.deepEqual(Object.keys(all.server.joins[0]), ["user/u-Ann", "house"]);
  assert.equal(page.storage.getItem("twistedchat.ticket"), "ticket-u-Ann");
});

test("a refused name is told to the caller, and another one works", () => {
  const all = world();
  const { chat, login, clock } = visitor(all, "taken");
  assert.equal(login[0].error, "NameTaken");
  chat.login("Ann");
  clock.advance(100);
  assert.equal(chat.you.name, "Ann");
});

test("a reload with a kept ticket is the same person; ticketKey null keeps none", () => {
  const all = world();
  const { storage } = visitor(all, "Ann");
  const again = visitor(all, null, { storage });
  assert.ok(again.chat.hasTicket());
  all.clock.advance(200);
  assert.deepEqual(plain(again.chat.you), { key: "u-Ann", name: "Ann" });
  const none = visitor(all, "Bob", { options: { ticketKey: null } });
  assert.equal(none.storage.items.has("twistedchat.ticket"), false);
});

test("a ticket that is not accepted any more is dropped, and the page is told to ask for a name", () => {
  const all = world();
  const storage = new Storage();
  storage.setItem("twistedchat.ticket", "ticket-u-gone");
  const { chat, seen } = visitor(all, null, { storage });
  all.clock.advance(200);
  assert.equal(chat.you, null);
  assert.equal(chat.hasTicket(), false);
  assert.deepEqual(seen.map(([event]) => event), ["you", "problem"]);
});

test("a message is pending, then sent, once, and the others see it", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const bob = inLobby(all, "Bob");
  const message = ann.room.say("hello");
  assert.equal(message.state, "pending");
  assert.match(message.id, /^[\w-]{22,64}$/);
  assert.deepEqual(shown(ann.room), [["hello", "pending", null]]);
  all.clock.advance(200);
  assert.deepEqual(shown(ann.room), [["hello", "sent", 1]]);
  assert.deepEqual(shown(bob.room), [["hello", "sent", 1]]);
  assert.equal(message.at, 1000);
  assert.deepEqual([message.mine, bob.room.messages[0].mine], [true, false]);
  assert.equal(count(ann.told, "message"), 1);
  assert.equal(count(bob.told, "message"), 1);
  assert.ok(count(ann.told, "state") >= 1);
});

test("what is said stands in the log's order, then what is pending", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const bob = inLobby(all, "Bob");
  ann.room.say("a1");
  ann.room.say("a2");
  bob.room.say("b1");
  all.clock.advance(7);
  ann.room.say("a3");
  all.clock.advance(500);
  assert.deepEqual(shown(ann.room), shown(bob.room));
  const offsets = ann.room.messages.map((message) => message.offset);
  assert.deepEqual(plain(offsets), [1, 2, 3, 4]);
  assert.deepEqual(ann.room.messages.filter((m) => m.mine).map((m) => m.text).join(), "a1,a2,a3");
});

test("a line of somebody else goes before ours that is not sent yet", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.server.says = [{ error: "TooFast", text: "slow down", retry: 3 }];
  ann.room.say("mine");
  all.clock.advance(100);
  all.server.post(LOBBY, "x".padEnd(22, "_"), ["message", { from: ["u-x", "X"], text: "theirs" }]);
  all.clock.advance(100);
  assert.deepEqual(shown(ann.room), [["theirs", "sent", 1], ["mine", "pending", null]]);
  all.clock.advance(5000);
  assert.deepEqual(shown(ann.room), [["theirs", "sent", 1], ["mine", "sent", 2]]);
});

test("said while the connection is away, it is sent later; a lost answer doubles nothing", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const bob = inLobby(all, "Bob");
  ann.chat.live.cut();
  ann.room.say("1");
  ann.room.say("2");
  all.server.loseAnswers = 1;
  all.clock.advance(10000);
  assert.deepEqual(shown(bob.room).map(([text]) => text), ["1", "2"]);
  assert.deepEqual(shown(ann.room), [["1", "sent", 1], ["2", "sent", 2]]);
});

test("an id is its sender's: another's line with a copied id is another line", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const bob = inLobby(all, "Bob");
  ann.chat.live.cut();
  const mine = ann.room.say("from Ann");
  all.server.post(LOBBY, mine.id, ["message", { from: ["u-eve", "Eve"], text: "from Eve" }]);
  all.clock.advance(10000);
  [ann, bob].forEach((page) => {
    assert.deepEqual(shown(page.room), [["from Eve", "sent", 1], ["from Ann", "sent", 2]]);
  });
});

test("after a server that began anew: login by the ticket, rooms joined again, the same id sent again", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const say = all.server.handle.say;
  all.server.handle.say = (...args) => { say(...args); return undefined; };   // it is done, and never answered
  ann.room.say("once");
  all.clock.advance(50);
  all.server.handle.say = say;
  ann.room.say("twice");
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual(all.server.log(LOBBY).entries.map((entry) => entry.event[1].text), ["once", "twice"]);
  assert.deepEqual(shown(ann.room), [["once", "sent", 1], ["twice", "sent", 2]]);
  assert.equal(count(ann.told, "hole"), 0);
  assert.equal(ann.room.joined, true);
});

test("TooFast is tried again after `retry` seconds, in order, and not for ever", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.server.says = [{ error: "TooFast", text: "slow down", retry: 3 }];
  ann.room.say("first");
  ann.room.say("second");
  all.clock.advance(2000);
  assert.deepEqual(shown(ann.room).map(([, state]) => state), ["pending", "pending"]);
  all.clock.advance(2000);
  assert.deepEqual(shown(ann.room), [["first", "sent", 1], ["second", "sent", 2]]);
  all.server.says = Array.from({ length: 50 }, () => ({ error: "TooFast", text: "slow down", retry: 1 }));
  const message = ann.room.say("third");
  all.clock.advance(30000);
  assert.equal(message.state, "failed");
  assert.equal(message.error, "slow down");
  assert.equal(all.server.says.length, 44);
});

test("a store that did not answer in time is asked again with the same id", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.server.says = [{ error: "StoreUnknown", text: "perhaps" }];
  const message = ann.room.say("x");
  all.clock.advance(5000);
  assert.equal(message.state, "sent");
  assert.equal(all.server.log(LOBBY).entries[0].id, message.id);
});

test("what is said waits for a store that is away, about half a minute each time it is tried", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const away = () => Array.from({ length: 50 }, () => ({ error: "StoreUnavailable", text: "away" }));
  const states = () => ann.room.messages.map((message) => message.state);
  all.server.says = away();
  ann.room.say("first");
  ann.room.say("second");
  all.clock.advance(29000);
  assert.deepEqual(states(), ["pending", "pending"]);
  all.clock.advance(10000);
  assert.deepEqual(states(), ["failed", "failed"]);
  assert.equal(ann.room.messages[0].error, "away");
  ann.room.retry(ann.room.messages[0]);
  ann.room.say("third");
  all.clock.advance(29000);
  assert.deepEqual(states(), ["failed", "pending", "pending"]);
  all.server.says = [];
  all.clock.advance(3000);
  assert.deepEqual(shown(ann.room), [["first", "sent", 1], ["third", "sent", 2], ["second", "failed", null]]);
});

test("what has waited for the connection waits for the store as well", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const say = all.server.handle.say;
  all.server.handle.say = () => undefined;         // never answered
  const message = ann.room.say("x");
  all.clock.advance(60000);
  all.server.handle.say = say;
  all.server.says = Array.from({ length: 5 }, () => ({ error: "StoreUnavailable", text: "away" }));
  all.server.restart();
  all.clock.advance(9000);
  assert.equal(message.state, "pending");
  assert.ok(all.server.says.length < 5);
  all.clock.advance(20000);
  assert.equal(message.state, "sent");
});

test("failed, with the reason for people; retry sends the same id", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.server.says = [{ error: "BadText", text: "Too long." }];
  const message = ann.room.say("x");
  all.clock.advance(100);
  assert.deepEqual([message.state, message.error], ["failed", "Too long."]);
  ann.room.retry(message);
  assert.equal(message.state, "pending");
  all.clock.advance(100);
  assert.deepEqual([message.state, message.error, message.offset], ["sent", undefined, 1]);
  assert.equal(ann.room.messages.length, 1);
});

test("too many waiting messages fail at once", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.net.down = true;
  all.net.live.forEach((sock) => all.net.snap(sock));
  for (let i = 0; i < 201; i += 1) {
    ann.room.say(String(i));
  }
  assert.equal(ann.room.messages.filter((message) => message.state === "failed").length, 1);
});

test("at most 1000 messages are kept in a room", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  for (let i = 0; i < 1100; i += 1) {
    all.server.post(LOBBY, String(i).padEnd(22, "_"), ["message", { from: ["u-x", "X"], text: String(i) }]);
  }
  all.clock.advance(200);
  assert.equal(ann.room.messages.length, 1000);
  assert.equal(ann.room.messages[999].text, "1099");
});

test("history on joining; a hole when the log lost what we had, and what is unsent stays", () => {
  const all = world();
  all.server.post(LOBBY, "old".padEnd(22, "_"), ["message", { from: ["u-x", "X"], text: "old" }]);
  const ann = inLobby(all, "Ann");
  assert.deepEqual(shown(ann.room), [["old", "sent", 1]]);
  assert.equal(count(ann.told, "history"), 1);
  assert.equal(count(ann.told, "hole"), 0);
  all.server.restart(true);
  all.server.post(LOBBY, "new".padEnd(22, "_"), ["message", { from: ["u-x", "X"], text: "new" }]);
  ann.room.say("unsent");
  all.clock.advance(10000);
  assert.equal(count(ann.told, "hole"), 1);
  assert.deepEqual(shown(ann.room), [["new", "sent", 1], ["unsent", "sent", 2]]);
});

test("why there is a hole: some lines are missing, the log was forgotten, or the server was restarted", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const whys = () => ann.told.filter(([event]) => event === "hole").map(([, why]) => why);
  const comeBack = () => { all.net.snap(all.net.last); all.server.clients.clear(); all.clock.advance(10000); };
  ann.room.say("one");
  all.clock.advance(100);
  all.server.log(LOBBY).finds = () => false;
  comeBack();
  assert.deepEqual(whys(), ["missing"]);
  all.server.logs.clear();
  comeBack();
  assert.deepEqual(whys(), ["missing", "forgotten"]);
  all.server.restart(true);
  all.clock.advance(10000);
  assert.deepEqual(whys(), ["missing", "forgotten", "restarted"]);
});

test("after a log that began anew, what another sends again under its id is in the room again", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const again = () => all.server.post(LOBBY, "x".padEnd(22, "_"), ["message", { from: ["u-x", "X"], text: "x" }]);
  again();
  all.clock.advance(100);
  assert.deepEqual(shown(ann.room), [["x", "sent", 1]]);
  all.server.restart(true);
  all.clock.advance(10000);
  assert.deepEqual(shown(ann.room), []);
  again();
  all.clock.advance(100);
  assert.deepEqual(shown(ann.room), [["x", "sent", 1]]);
});

test("people: the full set sorted, deltas with who came and went, a count without names", () => {
  const all = world();
  all.server.log(LOBBY).people = [["u2", "bob"], ["u1", "Ann"]];
  const ann = inLobby(all, "Ann");
  const names = () => ann.room.people && ann.room.people.map((person) => person.name).join();
  assert.equal(names(), "Ann,bob");
  const send = (...message) => { all.server.send(all.server.only(), ["presence", LOBBY, ...message]); all.clock.advance(50); };
  send(2, "delta", [["u3", "Al"]], [["u2", "bob"]], 2);
  assert.equal(names(), "Al,Ann");
  assert.equal(ann.room.count, 2);
  const change = ann.told.filter(([event]) => event === "people").pop()[1];
  assert.deepEqual(plain(change), { came: [{ key: "u3", name: "Al" }], went: [{ key: "u2", name: "bob" }] });
  send(3, "count", 5000);
  assert.equal(ann.room.people, null);
  assert.equal(ann.room.count, 5000);
});

test("private chats open on both sides; alerts arrive", () => {
  const all = world();
  const ann = visitor(all, "Ann");
  const bob = visitor(all, "Bob");
  let room;
  ann.chat.privateWith({ key: "u-Bob", name: "Bob" }).addCallback((opened) => { room = opened; });
  all.clock.advance(200);
  assert.equal(room.kind, "private");
  room.say("psst");
  all.clock.advance(200);
  const [, other] = bob.seen.find(([event]) => event === "opened");
  assert.deepEqual(plain(other.person), { key: "u-Ann", name: "Ann" });
  assert.deepEqual(shown(other), [["psst", "sent", 1]]);
  all.server.post("house", "alert".padEnd(22, "_"), ["alert", { text: "Fire", at: 5 }]);
  all.clock.advance(50);
  assert.deepEqual(plain(bob.seen.filter(([event]) => event === "alert")), [["alert", { text: "Fire", at: 5 }]]);
  assert.equal(ann.chat.open.length, 1, "one room, not two");
});

test("a private chat that began while we were away is found at login", () => {
  const all = world();
  const bob = visitor(all, "Bob");
  const storage = bob.storage;
  bob.chat.live.close();
  const ann = visitor(all, "Ann");
  ann.chat.privateWith({ key: "u-Bob", name: "Bob" });
  all.clock.advance(200);
  const again = visitor(all, null, { storage });
  all.clock.advance(300);
  assert.equal(again.chat.open[0].person.name, "Ann");
});

test("rooms: make one, list them, leave one, be refused", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  let made;
  ann.chat.openRoom("new").addCallback((room) => { made = room; });
  ann.chat.refreshRooms();
  all.clock.advance(200);
  assert.equal(made.channel, "room/new");
  assert.equal(made.joined, true);
  assert.equal(ann.chat.rooms.length, 2);
  ann.room.leave();
  all.clock.advance(50);
  assert.equal(ann.chat.room(LOBBY), null);
  assert.equal(count(ann.told, "left"), 1);
  assert.equal(all.server.only().subscribed.has(LOBBY), false);
  all.server.refuse = { "room/closed": { error: "NoSuchRoom", text: "No such room." } };
  ann.chat.join("room/closed");
  all.clock.advance(50);
  assert.equal(ann.chat.room("room/closed"), null);
  assert.equal(ann.seen.filter(([event]) => event === "problem").length, 1);
});

test("a server that began anew and forgot a room: it is made again, and what was written goes into it", () => {
  const all = world();
  const ann = visitor(all, "Ann");
  let room;
  ann.chat.openRoom("new").addCallback((made) => { room = made; });
  all.clock.advance(200);
  room.say("before");
  all.clock.advance(50);
  all.server.refuse = { "room/new": { error: "NoSuchRoom", text: "No such room." } };
  const openRoom = all.server.handle.openRoom;
  all.server.handle.openRoom = (client, name) => { all.server.refuse = {}; return openRoom(client, name); };
  all.server.restart(true);
  room.say("written while it was away");
  all.clock.advance(20000);
  assert.equal(room.joined, true);
  assert.equal(ann.chat.room("room/new"), room);
  assert.deepEqual(shown(room).map(([text, state]) => [text, state]), [["written while it was away", "sent"]]);
  all.server.refuse = { "room/new": { error: "NoSuchRoom", text: "No such room." } };
  all.server.handle.openRoom = openRoom;
  all.server.restart(true);
  all.clock.advance(20000);
  assert.equal(ann.chat.room("room/new"), null);    // refused again after it was made: once is enough
  assert.equal(ann.seen.filter(([event]) => event === "problem").length, 1);
});

test("removed from a room: out, and what was waiting fails", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.net.rot(all.net.last);
  const message = ann.room.say("x");
  all.net.last.dead = false;
  all.server.send(all.server.only(), ["reset", LOBBY, "removed"]);
  all.clock.advance(50);
  assert.equal(message.state, "failed");
  assert.equal(ann.chat.open.length, 0);
});

test("who was shown out and comes in again is shown what was said before", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  ann.room.say("said before");
  all.clock.advance(200);
  all.server.send(all.server.only(), ["reset", LOBBY, "removed"]);
  all.clock.advance(200);
  const again = ann.chat.join(LOBBY);
  all.clock.advance(200);
  assert.deepEqual(shown(again).map(([text]) => text), ["said before"]);
});

test("rooms may be joined before the login", () => {
  const all = world();
  const ann = visitor(all, null);
  const room = ann.chat.join(LOBBY);
  ann.chat.login("Ann");
  all.clock.advance(200);
  assert.equal(room.joined, true);
  assert.ok(!ann.seen.some(([event]) => event === "problem"));
});

test("logout forgets the ticket and leaves every room; another login is another person", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  ann.chat.logout();
  all.clock.advance(100);
  assert.equal(ann.chat.you, null);
  assert.equal(ann.chat.open.length, 0);
  assert.equal(ann.storage.getItem("twistedchat.ticket"), null);
  assert.deepEqual([...all.server.only().subscribed.keys()], []);
  ann.chat.login("Bob");
  all.clock.advance(200);
  assert.equal(ann.chat.you.name, "Bob");
});

test("an account: made by a guest, who stays the same person; then logged in to with its password", () => {
  const all = world();
  const passwords = {};
  const { login } = all.server.handle;
  const welcome = (client, name, ticket) => Object.assign(login(client, name, ticket), { kind: "account" });
  all.server.handle.register = (client, name, password) => {
    passwords[name] = password;
    return welcome(client, null, "ticket-" + client.you[0]);
  };
  all.server.handle.login = (client, name, ticket, password) => {
    if (password && passwords[name] !== password) { throw { error: "BadPassword", text: "wrong" }; }
    return password ? welcome(client, name, null) : login(client, name, ticket);
  };
  all.server.handle.changePassword = (client, old, password) => {
    passwords[client.you[1]] = password;
    return welcome(client, null, "ticket-" + client.you[0]);
  };
  const ann = inLobby(all, "Ann");
  assert.equal(ann.chat.kind, "guest");
  ann.chat.register("Ann", "long enough");
  all.clock.advance(100);
  assert.deepEqual([ann.chat.you.key, ann.chat.kind, ann.room.joined], ["u-Ann", "account", true]);
  ann.chat.changePassword("long enough", "longer still");
  all.clock.advance(100);
  assert.equal(passwords.Ann, "longer still");
  const other = visitor(all, null);
  const told = [];
  other.chat.login("Ann", "wrong").addErrback((error) => told.push(error.error));
  all.clock.advance(100);
  other.chat.login("Ann", "longer still");
  all.clock.advance(100);
  assert.deepEqual([told, other.chat.you.key, other.chat.kind], [["BadPassword"], "u-Ann", "account"]);
});

test("an account whose making was never answered: the name is taken, by ourselves, and the password says so", () => {
  const all = world();
  const asked = [];
  const { login } = all.server.handle;
  all.server.handle.register = () => {
    asked.push("register");
    if (asked.length > 1) { throw { error: "NameTaken", text: "taken" }; }
    return undefined;
  };
  all.server.handle.login = (client, name, ticket, password) => { asked.push(password); return login(client, name, ticket); };
  const ann = visitor(all, null);
  ann.chat.register("Ann", "long enough");
  all.clock.advance(100);
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual([asked, ann.chat.you.name], [["register", "register", "long enough"], "Ann"]);
});
