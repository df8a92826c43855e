"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Clock, makePage, plain, randomFrom } = require("./harness");
const { Log } = require("./fakeserver");
const { LOBBY, assertAsFetched, count, inLobby, logged, roomTest, shown, visitor, world } = require("./chatkit");

const ANN = ["u-Ann", "Ann"];
const BOB = ["u-Bob", "Bob"];
const pad = (id) => String(id).padEnd(22, "_");
const texts = (room) => plain(room.messages.map((message) => message.text));
const told = (someone, event) => someone.told.filter(([name]) => name === event).map(([, what]) => plain(what === undefined ? null : what));

/** Let a fake server's log have `length` lines. */
function fill(all, length) {
  for (let i = 1; i <= length; i += 1) {
    all.server.post(LOBBY, pad(i), ["message", { from: BOB, text: String(i) }]);
  }
}

// --- what was fetched before plus the events received equals what is fetched after -----------------------------------

/** Something that happens in a room, by chance: a text, a topic, an order, a change of what was said before. */
function happen(log, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const id = pad("n" + log.entries.length);
  const from = pick([ANN, BOB]);
  const open = log.entries.filter((entry) => "text" in entry.event[1] && /^(message|action|notice)$/.test(entry.event[0]));
  const kind = pick(["message", "message", "action", "notice", "topic", "order", "edit", "edit", "delete"]);
  if (/^(edit|delete)$/.test(kind) && open.length) {
    log.revise(pick(open).offset, id, from, kind === "edit" ? "changed " + log.entries.length : null);
  } else if (kind === "order") {
    log.post(id, ["order", { what: "mute", whom: BOB, by: ANN, reason: "", until: 5 }]);
  } else {
    log.post(id, [kind === "edit" || kind === "delete" ? "message" : kind, { from, text: "text " + log.entries.length }]);
  }
}

/** A page without a network: its room hears what a test hands it. */
function bare() {
  const { TwistedChat } = makePage(new Clock());
  const asked = [];
  const chat = {
    live: { server: "s" }, clock: new Clock().api, chatter: {}, isYou: (key) => key === ANN[0],
    ask: (method, args) => { const answer = new TwistedChat.Deferred(); asked.push([args, answer]); return answer; }
  };
  const page = { TwistedChat };
  return { page, chat, asked, room: () => new TwistedChat.Room(chat, LOBBY, "") };
}

function join(room, log, most) {
  const entries = Log.wire(log.entries.slice(-most));
  room.wasJoined({ info: {} });
  room.setHistory(entries, false, log.epoch, log.entries.length);
}

function hear(room, entry) {
  const [method, body] = plain(entry.event);
  room.events()[method](body, { offset: entry.offset, id: entry.id, at: entry.at });
}

test("at every point at which a page joins, whatever happens then, it shows what the log has", () => {
  const { page, chat, room } = bare();
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = randomFrom(seed);
    const log = new Log("e");
    const rooms = [];
    for (let step = 0; step < 40; step += 1) {
      const joiner = room();
      join(joiner, log, 50);
      rooms.push(joiner);
      const before = log.entries.length;
      happen(log, random);
      log.entries.slice(before).forEach((entry) => rooms.forEach((one) => hear(one, entry)));
      rooms.forEach((one) => assertAsFetched({ page, chat }, one, log));
    }
  }
});

test("a page that missed some of it hears them as they are by then, and shows what the log has", () => {
  const { page, chat, room } = bare();
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = randomFrom(seed);
    const log = new Log("e");
    const away = room();
    join(away, log, 50);
    for (let step = 0; step < 40; step += 1) {
      happen(log, random);
      if (random() < 0.2) {
        log.entries.slice((away.had || 0)).forEach((entry) => hear(away, entry));
        away.had = log.entries.length;
        assertAsFetched({ page, chat }, away, log);
      }
    }
  }
});

test("earlier lines connect without a hole or a double, also when they change while they are on their way", () => {
  const { page, chat, asked, room } = bare();
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = randomFrom(seed);
    const log = new Log("e");
    for (let step = 0; step < 60; step += 1) { happen(log, random); }
    const one = room();
    join(one, log, 7);
    while (!one.beginning) {
      one.older(5);
      assert.equal(asked.length, 1);
      const [[, before, limit], answer] = asked.pop();
      const entries = plain(Log.wire(log.entries.slice(Math.max(0, before - 1 - limit), before - 1)));
      const had = log.entries.length;
      for (let step = 0; step < 3; step += 1) { happen(log, random); }
      log.entries.slice(had).map(plain).forEach((entry) => hear(one, entry));
      answer.callback(entries);
      while (asked.length) {
        const [[, again, most], next] = asked.pop();
        next.callback(plain(Log.wire(log.entries.slice(Math.max(0, again - 1 - most), again - 1))));
      }
      assertAsFetched({ page, chat }, one, log);
    }
    assert.equal(one.log.first, 1);
  }
});

// --- kinds, changes --------------------------------------------------------------------------------------------------

roomTest("each line has its kind; a topic and an order are lines as well, and told as what they are", (all, enter) => {
  all.server.info = { [LOBBY]: { title: "The lobby", topic: "old", access: "public", role: "moderator" } };
  const ann = enter("Ann");
  assert.deepEqual([ann.room.topic, ann.room.access, ann.room.role, ann.room.moderates()], ["old", "public", "moderator", true]);
  const post = (kind, body) => all.server.post(LOBBY, pad(kind + all.clock.time), [kind, body]);
  post("action", { from: BOB, text: "waves" });
  post("notice", { from: BOB, text: "by the way" });
  post("topic", { from: BOB, text: "new" });
  post("order", { what: "role", whom: ANN, by: BOB, role: "nobody" });
  all.clock.advance(100);
  assert.deepEqual(logged(ann.room).map((line) => [line.kind, line.text, line.from.name]),
    [["action", "waves", "Bob"], ["notice", "by the way", "Bob"], ["topic", "new", "Bob"], ["order", "", "Bob"]]);
  assert.deepEqual([ann.room.topic, ann.room.role, ann.room.moderates()], ["new", null, false]);
  assert.deepEqual(told(ann, "topic"), ["new"]);
  assert.deepEqual(told(ann, "order")[0].whom, { key: "u-Ann", name: "Ann" });
});

roomTest("edited and deleted: every page shows it, and no page takes it for a new message", (all, enter) => {
  const ann = enter("Ann");
  const bob = enter("Bob");
  const message = ann.room.say("first");
  assert.equal(ann.room.mayEdit(message), false);         // not sent yet
  all.clock.advance(100);
  message.at = all.clock.time / 1000;                     // the fake server's time is another
  assert.deepEqual([ann.room.mayEdit(message), bob.room.mayEdit(bob.room.messages[0])], [true, false]);
  message.at = 1000;
  ann.room.edit(message, "second");
  all.clock.advance(100);
  assert.deepEqual(logged(bob.room).map((line) => [line.text, line.edited, line.deleted]), [["second", true, false]]);
  ann.room.remove(message);
  all.clock.advance(100);
  assert.deepEqual(logged(bob.room).map((line) => [line.text, line.edited, line.deleted]), [["", false, true]]);
  assert.equal(count(bob.told, "message"), 1);
  assert.equal(ann.room.mayEdit(message), false);
});

test("one's own can be changed for 15 minutes; a moderator takes anyone's back at any time", () => {
  const all = world();
  all.server.info = { [LOBBY]: { role: "moderator" } };
  const ann = inLobby(all, "Ann");
  const mine = ann.room.say("mine");
  all.server.post(LOBBY, pad("b"), ["message", { from: BOB, text: "his" }]);
  all.clock.advance(100);
  mine.at = all.clock.time / 1000 - 899;
  const his = ann.room.messages.find((message) => !message.mine);
  assert.deepEqual([mine, his].map((one) => [ann.room.mayEdit(one), ann.room.mayRemove(one)]), [[true, true], [false, true]]);
  all.clock.advance(2000);
  assert.deepEqual([ann.room.mayEdit(mine), ann.room.mayRemove(mine)], [false, true]);
  ann.room.role = "member";
  assert.deepEqual([ann.room.mayRemove(mine), ann.room.mayRemove(his)], [false, false]);
});

test("a message of a log that is gone changes nothing in the log that came after it", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const message = ann.room.say("old");
  all.clock.advance(100);
  all.server.restart(true);
  all.server.post(LOBBY, pad("n"), ["message", { from: ANN, text: "new" }]);
  all.clock.advance(10000);
  const errors = [];
  ann.room.edit(message, "x").addErrback((error) => errors.push(error.error));
  ann.room.remove(message).addErrback((error) => errors.push(error.error));
  all.clock.advance(100);
  assert.deepEqual([errors, texts(ann.room)], [["NoSuchMessage", "NoSuchMessage"], ["new"]]);
});

test("a message that failed can be dropped", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  all.server.says = [{ error: "Muted", text: "you are muted" }];
  const message = ann.room.say("x");
  all.clock.advance(100);
  assert.equal(message.error, "you are muted");
  ann.room.remove(message);
  assert.deepEqual(texts(ann.room), []);
  assert.equal(count(ann.told, "gone"), 1);
});

// --- earlier lines ---------------------------------------------------------------------------------------------------

roomTest("earlier lines come before the first, page by page, to where the log begins", (all, enter) => {
  fill(all, 230);
  const ann = enter("Ann");
  assert.deepEqual([ann.room.messages.length, ann.room.beginning], [50, false]);
  const came = [];
  for (let i = 0; i < 3; i += 1) {
    ann.room.older(100).addCallback((many) => came.push(many));
    ann.room.older(100).addCallback((many) => came.push(many));      // one at a time
    all.clock.advance(100);
  }
  assert.deepEqual(came, [0, 100, 0, 80, 0, 0]);
  assert.deepEqual(texts(ann.room), Array.from({ length: 230 }, (_, i) => String(i + 1)));
  assert.equal(ann.room.beginning, true);
  assert.equal(count(ann.told, "history"), 1);
  assert.equal(count(ann.told, "older"), 2);
});

roomTest("an answer that comes after the log began anew is dropped", (all, enter) => {
  fill(all, 60);
  const ann = enter("Ann");
  let late;
  all.server.handle.history = () => undefined;
  ann.room.older(100).addBoth((answer) => { late = plain(answer); });
  all.clock.advance(100);
  all.server.restart(true);
  all.server.post(LOBBY, pad("new"), ["message", { from: BOB, text: "new" }]);
  all.clock.advance(10000);
  assert.equal(late.kind, "unknown");
  assert.deepEqual([texts(ann.room), ann.room.beginning], [["new"], true]);
});

test("more than a thousand lines stay when they were asked for, and 5000 are the end of it", () => {
  const all = world();
  fill(all, 6000);
  const ann = inLobby(all, "Ann");
  for (let i = 0; i < 60; i += 1) {
    ann.room.older(100);
    all.clock.advance(100);
  }
  assert.deepEqual([ann.room.messages.length, ann.room.log.wantsEarlier()], [5050, false]);
  all.server.post(LOBBY, pad("last"), ["message", { from: BOB, text: "last" }]);
  all.clock.advance(100);
  assert.equal(ann.room.messages.length, 5000);
  assert.equal(texts(ann.room)[0], "1002");
});

// --- commands --------------------------------------------------------------------------------------------------------

roomTest("a command is pending, then gone: what it put into the log stands there", (all, enter) => {
  const ann = enter("Ann");
  const bob = enter("Bob");
  const message = ann.room.say("/me waves");
  assert.deepEqual([message.kind, message.state], ["command", "pending"]);
  all.clock.advance(200);
  [ann, bob].forEach(({ room }) => {
    assert.deepEqual(logged(room).map((line) => [line.kind, line.text]), [["action", "waves"]]);
    assert.equal(room.messages.length, 1);
  });
});

roomTest("a command's answer is for us alone; a refused one stays, with the reason", (all, enter) => {
  const ann = enter("Ann");
  ann.room.say("/help");
  ann.room.say("/nonsense");
  all.clock.advance(200);
  assert.deepEqual(told(ann, "answer"), ["/help: this list"]);
  assert.deepEqual(shown(ann.room), [["/nonsense", "failed", null]]);
  assert.equal(ann.room.messages[0].error, "there is no command /nonsense");
});

roomTest("a command may change who we are", (all, enter) => {
  const ann = enter("Ann");
  all.server.commands.nick = (client, channel, id, name) => {
    client.you = [client.you[0], name];
    return { text: "you are " + name, welcome: { you: client.you, ticket: "ticket-u-Ann", rooms: [], channels: [] } };
  };
  ann.room.say("/nick Anna");
  all.clock.advance(200);
  assert.equal(ann.chat.you.name, "Anna");
  assert.equal(ann.room.joined, true);
});

test("unknown whether it was done: what is done once goes out again under its id, the rest is for us to decide", () => {
  const all = world();
  const ann = inLobby(all, "Ann");
  const ids = [];
  all.server.commands.kick = (client, channel, id) => { ids.push(id); return ids.length > 1 ? { text: "" } : undefined; };
  const me = all.server.commands.me;
  all.server.commands.me = (...args) => { me(...args); return undefined; };
  ann.room.say("/me waves");
  all.clock.advance(100);
  all.server.commands.me = me;
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual(logged(ann.room).map((line) => line.text), ["waves"]);
  const kick = ann.room.say("/kick Bob");
  all.clock.advance(100);
  all.server.restart();
  all.clock.advance(20000);
  assert.deepEqual([kick.state, kick.error], ["failed", "Nobody knows whether it was done."]);
  ann.room.retry(kick);
  all.clock.advance(100);
  assert.deepEqual(ids, [kick.id, kick.id]);
  assert.deepEqual(texts(ann.room), ["waves"]);
});

// --- who types, and being shown out ----------------------------------------------------------------------------------

roomTest("we tell that we type every 3 s at most, and anew after a message", (all, enter) => {
  const ann = enter("Ann");
  const tell = () => { ann.room.typing(); all.clock.advance(100); return all.server.typed.length; };
  assert.deepEqual([tell(), tell()], [1, 1]);
  all.clock.advance(3000);
  assert.deepEqual([tell(), tell()], [2, 2]);
  ann.room.say("x");
  assert.equal(tell(), 3);
});

roomTest("who types is shown until 5 s after the last hint, or until they said it; never we ourselves", (all, enter) => {
  const ann = enter("Ann");
  const last = () => (told(ann, "typing").pop() || []).map((person) => person.name).join();
  const hint = (who) => { all.server.hint(LOBBY, ["typing", who]); all.clock.advance(10); };
  hint(ANN);
  assert.deepEqual(told(ann, "typing"), []);
  hint(BOB);
  hint(["u-X", "X"]);
  assert.equal(last(), "Bob,X");
  all.clock.advance(4000);
  hint(BOB);
  all.clock.advance(1500);
  assert.equal(last(), "Bob");
  all.server.post(LOBBY, pad("b"), ["message", { from: BOB, text: "said" }]);
  all.clock.advance(10);
  assert.equal(last(), "");
});

["before", "after"].forEach((when) => {
  test("shown out, the reset " + when + " it: the room is closed, once, and why is told", () => {
    const all = world();
    const ann = inLobby(all, "Ann");
    const client = all.server.only();
    const steps = [
      () => all.server.send(client, ["reset", LOBBY, "removed"]),
      () => all.server.put(client, "notify", [1, "shownOut", [LOBBY, "you were kicked out by Bob: spam"]])
    ];
    (when === "before" ? steps : steps.reverse()).forEach((step) => { step(); all.clock.advance(50); });
    assert.equal(ann.chat.room(LOBBY), null);
    assert.equal(ann.seen.filter(([event]) => event === "closed").length, 1);
    assert.deepEqual(plain(ann.seen.filter(([event]) => event === "shownOut")),
      [["shownOut", { channel: LOBBY, title: "The lobby", text: "you were kicked out by Bob: spam" }]]);
  });
});

test("a visitor who is not in a room neither types nor reads in it", () => {
  const all = world();
  const ann = visitor(all, "Ann");
  const room = ann.chat.join("room/slow");
  room.typing();
  let came = null;
  room.older(100).addCallback((many) => { came = many; });
  assert.deepEqual([came, all.server.typed], [0, []]);
});
