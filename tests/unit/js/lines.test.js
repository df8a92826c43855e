"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { STATIC } = require("./harness");

const ANN = { key: "u-ann", name: "Ann" };
const BOB = { key: "u-bob", name: "Bob" };

/** A room, its lines, and what happens in it as TwistedChat.Room tells it. */
function setUp() {
  const context = vm.createContext({ twistedchatPage: {} });
  vm.runInContext(fs.readFileSync(path.join(STATIC, "page-lines.js"), "utf8"), context);
  const room = { messages: [], log: { first: 1 } };
  const lines = new context.twistedchatPage.Lines(room);
  return {
    room, lines,
    say(text, offset, from = ANN, id = text) {
      const message = { id, from, text, offset, state: offset === null ? "pending" : "sent" };
      room.messages.push(message);
      lines.place(message);
      return message;
    },
    history(why, messages) {
      room.messages = messages.map(([text, offset, from = ANN]) => ({ id: text, from, text, offset, state: "sent" }));
      if (why) { lines.missing(why); }
      lines.replace();
    },
    older(messages) {
      const earlier = messages.map(([text, offset]) => ({ id: text, from: ANN, text, offset, state: "sent" }));
      room.log.first = earlier[0].offset;
      room.messages.unshift(...earlier);
      lines.older(earlier);
    },
    shown: () => lines.all.map((line) => (line.message ? line.message.text : line.text || "~" + line.why)).join(" ")
  };
}

test("an id is its sender's: another's message with a copied id is a line of its own", () => {
  const { say, shown } = setUp();
  say("true", 1, ANN, "id");
  say("false", 2, BOB, "id");
  assert.equal(shown(), "true false");
});

test("what is not sent yet finds its place when it is", () => {
  const { room, lines, say, shown } = setUp();
  const mine = say("mine", null);
  lines.notice("Bob-came");
  const other = { id: "other", from: BOB, text: "other", offset: 1, state: "sent" };
  room.messages.unshift(other);
  lines.place(other);
  assert.equal(shown(), "other mine Bob-came");
  lines.place(Object.assign(mine, { offset: 2, state: "sent" }));
  assert.equal(shown(), "other mine Bob-came");
});

test("the first history takes the place of everything", () => {
  const { lines, history, shown } = setUp();
  lines.notice("x");
  history(null, [["a", 1]]);
  assert.equal(shown(), "a");
});

test("what was shown stays above a hole, whatever its offsets, when the log began anew", () => {
  const { lines, history, say, shown } = setUp();
  history(null, [["a", 7], ["b", 8]]);
  lines.notice("Bob-came");
  history("restarted", [["c", 1]]);
  say("d", 2);
  assert.equal(shown(), "a b Bob-came ~restarted c d");
  history("forgotten", [["e", 1]]);
  assert.equal(shown(), "a b Bob-came ~restarted c d ~forgotten e");
});

test("nothing is shown twice: what was sent again stands below the hole only", () => {
  const { room, lines, history, say, shown } = setUp();
  history(null, [["a", 7], ["b", 8], ["c", 9], ["d", 10]]);
  const waiting = say("waiting", null);
  history("restarted", [["a", 1]]);
  assert.equal(shown(), "b c d ~restarted a");
  room.messages.push(waiting);
  lines.place(waiting);
  say("c", 2, BOB);                                   // another's
  say("d", 3);
  assert.equal(shown(), "b c ~restarted a waiting c d");
});

test("a hole in one log: what is shown below it is what comes after, and nothing before it comes after either", () => {
  const { history, shown } = setUp();
  history(null, [["a", 1], ["b", 2], ["c", 3]]);
  history("missing", [["b", 2], ["new", 3]]);         // the store lost the third, and has another in its place
  assert.equal(shown(), "a ~missing b new");
});

test("one hole is told of once, and two reasons are two", () => {
  const { history, shown } = setUp();
  history(null, [["a", 1]]);
  history("restarted", []);
  history("restarted", []);
  assert.equal(shown(), "a ~restarted");
  history("missing", []);
  assert.equal(shown(), "a ~restarted ~missing");
});

test("at most 500 lines besides the room's own, the newest of them", () => {
  const { lines, history, shown } = setUp();
  const many = (name) => Array.from({ length: 990 }, (_, i) => [name + i, i + 1]);
  history(null, many("a"));
  history("restarted", many("b"));
  assert.equal(lines.all.length, 1490);
  assert.equal(lines.all[499].kind, "hole");
  lines.notice("x");
  assert.equal(lines.all.length, 1490);
  assert.match(shown(), /^a492 .* a989 ~restarted b0 .* b989 x$/);
});

test("earlier messages fill a hole: what stood above it is theirs again, once, and the hole goes", () => {
  const { history, older, shown } = setUp();
  history(null, [["a", 1], ["b", 2], ["c", 3]]);
  history("missing", [["i", 9]]);
  assert.equal(shown(), "a b c ~missing i");
  older([["g", 7], ["h", 8]]);
  assert.equal(shown(), "a b c ~missing g h i");
  older([["c", 3], ["d", 4], ["f", 6]]);
  assert.equal(shown(), "a b c d f g h i");
  older([["a", 1], ["b", 2]]);
  assert.equal(shown(), "a b c d f g h i");
});

test("earlier messages that meet what stands above a hole without a double fill it as well; another log's never", () => {
  const { history, older, shown } = setUp();
  history(null, [["a", 1], ["b", 2]]);
  history("missing", [["d", 4]]);
  older([["c", 3]]);
  assert.equal(shown(), "a b c d");
  history("restarted", [["y", 3]]);
  older([["x", 2]]);
  assert.equal(shown(), "a b c d ~restarted x y");
});

test("what stands above a hole is changed with its log, and not with another", () => {
  const { lines, history, shown } = setUp();
  history(null, [["a", 1], ["b", 2]]);
  history("missing", [["d", 4]]);
  lines.changedAbove({ offset: 2, text: "B", deleted: false });
  assert.equal(shown(), "a B ~missing d");
  history("restarted", [["y", 3]]);
  lines.changedAbove({ offset: 2, text: "x", deleted: false });
  assert.equal(shown(), "a B ~missing d ~restarted y");
});

test("a line that the room has no more is not shown, and answers stand where they came", () => {
  const { room, lines, say, shown } = setUp();
  const first = say("first", 1);
  lines.answer("help");
  say("second", 2);
  room.messages.shift();
  lines.gone(first);
  assert.equal(shown(), "help second");
});
