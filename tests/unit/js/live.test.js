"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Clock, Net, makePage, plain, randomFrom } = require("./harness");
const { Server } = require("./fakeserver");

const ROOM = "room/a";

function setUp(options = {}, pageOptions = {}) {
  const clock = new Clock();
  const net = new Net(clock);
  const server = new Server(net);
  const page = makePage(clock, pageOptions);
  const client = new page.TwistedChat.LiveClient(Object.assign(
    { url: "/comet", SockJS: net.SockJS, clock: clock.api, random: () => 0.5 }, options));
  client.start();
  clock.advance(100);
  return { clock, net, server, page, client, TwistedChat: page.TwistedChat };
}

/** A handler that writes down what it is told. */
function recorder(more) {
  const told = [];
  const note = (name) => (...args) => told.push([name, ...plain(args)]);
  return Object.assign({
    told, texts: () => told.filter(([name]) => name === "message").map(([, text]) => text),
    events: { message: (text, meta) => told.push(["message", text, plain(meta)]) },
    joined: note("joined"), refused: note("refused"), presence: note("presence"), reset: note("reset")
  }, more);
}

function id(text) {
  return String(text).padEnd(22, "_");
}

function say(server, text) {
  return server.post(ROOM, id(text), ["message", text]);
}

function result(deferred) {
  const got = [];
  deferred.addCallback((value) => got.push(["ok", plain(value)])).addErrback((error) => got.push(["error", plain(error)]));
  return got;
}

// --- hello and the basket --------------------------------------------------------------------------------------------

test("hello has what the protocol asks for, and each hello counts one up", () => {
  const { clock, server, client } = setUp({ root: "element", args: { a: 1 } });
  client.cut();
  clock.advance(2000);
  const [first, second] = server.hellos;
  assert.match(first.client, /^[\w-]{22,64}$/);
  assert.match(first.secret, /^[\w-]{22,64}$/);
  assert.notEqual(first.client, first.secret);
  assert.deepEqual({ ...first, client: "", secret: "" },
    { v: 1, client: "", secret: "", n: 1, ack: -1, at: {}, root: "element", args: { a: 1 } });
  assert.deepEqual({ ...second, n: 1, life: undefined }, { ...first, life: undefined });
  assert.equal(second.n, 2);
  assert.equal(second.life, server.only().life);
});

test("the secret is in page memory only", () => {
  const { server, page } = setUp({ transport: "xhr-streaming" });
  const secret = server.hellos[0].secret;
  assert.ok(![...page.storage.items.values()].some((value) => value.includes(secret)));
  assert.ok(!page.TwistedChat.log.lines.some((line) => line.includes(secret)));
});

test("calls are answered done or refused; a notification wants nothing", () => {
  const { clock, server, client } = setUp();
  server.handle = { add: (_, a, b) => a + b, no: () => { throw { error: "NameTaken", text: "taken", retry: 3 }; } };
  const done = result(client.callRemote(1, "add", [2, 3]));
  const refused = result(client.callRemote(1, "no", []));
  client.notify(1, "hint", ["x"]);
  clock.advance(100);
  assert.deepEqual(done, [["ok", 5]]);
  assert.deepEqual(refused, [["error", { kind: "refused", error: "NameTaken", text: "taken", retry: 3 }]]);
  assert.deepEqual(server.only().calls[2], ["notify", [1, "hint", ["x"]]]);
});

test("an answer that is lost with the pipe comes after the resume; the call ran once", () => {
  const { clock, server, client } = setUp();
  let runs = 0;
  server.handle = { run: () => (runs += 1) };
  server.loseAnswers = 1;
  const got = result(client.callRemote(1, "run", []));
  clock.advance(5000);
  assert.deepEqual(got, [["ok", 1]]);
  assert.equal(runs, 1);
});

test("what was sent into a dead pipe is sent again after the resume, in order, once", () => {
  const { clock, net, server, client } = setUp();
  const ran = [];
  server.handle = { note: (_, x) => ran.push(x) };
  net.rot(net.last);
  for (let i = 0; i < 50; i += 1) {
    client.callRemote(1, "note", ["n".repeat(2000) + i]);
  }
  client.cut();
  clock.advance(5000);
  assert.deepEqual(ran.map((text) => Number(text.slice(2000))), Array.from({ length: 50 }, (_, i) => i));
  assert.ok(net.sent.every(([, text]) => text.length < 40000), "in pieces");
});

test("resumed: false ends pending calls unknown, and buries the widgets", () => {
  const { clock, server, client, TwistedChat } = setUp();
  const gone = [];
  TwistedChat.widget("A.B", { gone: (reason) => gone.push(reason) });
  server.element(server.only(), 1, "A.B");
  clock.advance(50);
  server.handle = { wait: () => undefined };
  const got = result(client.callRemote(1, "wait", []));
  clock.advance(50);
  server.restart();
  clock.advance(5000);
  assert.equal(got[0][1].kind, "unknown");
  assert.equal(gone.length, 1);
  assert.deepEqual(result(client.callRemote(1, "wait", [])), []);
});

test("calls made before the first welcome are kept for it", () => {
  const clock = new Clock();
  const net = new Net(clock);
  const server = new Server(net);
  server.handle = { one: () => 1 };
  const { TwistedChat } = makePage(clock);
  const client = new TwistedChat.LiveClient({ url: "/comet", SockJS: net.SockJS, clock: clock.api });
  const got = result(client.callRemote(1, "one", []));
  client.start();
  clock.advance(100);
  assert.deepEqual(got, [["ok", 1]]);
});

test("a lost welcome is resumed", () => {
  const { clock, server, client } = setUp();
  server.loseWelcome = 3;
  client.cut();
  clock.advance(30000);
  assert.equal(client.status().state, "open");
});

test("a lost welcome of a server that began anew: the client begins anew too", () => {
  const { clock, server, client } = setUp();
  for (let i = 0; i < 5; i += 1) {
    server.put(server.only(), "notify", [1, "x", []]);
  }
  clock.advance(100);
  server.handle = { one: () => 1 };
  server.loseWelcome = 1;
  server.restart();
  clock.advance(60000);
  assert.equal(client.status().state, "open");
  const got = result(client.callRemote(1, "one", []));
  clock.advance(100);
  assert.deepEqual(got, [["ok", 1]]);
});

test("acknowledgements ride on traffic, else follow within 10 s, at once when 32 are owed", () => {
  const { clock, net, server, client } = setUp();
  server.handle = { one: () => 1 };
  const count = () => net.sent.filter(([, text]) => /^\[\d+,\[\]\]$/.test(text)).length;
  server.put(server.only(), "notify", [1, "x", []]);
  clock.advance(4000);
  assert.equal(count(), 0);
  clock.advance(6000);
  assert.equal(count(), 1);
  assert.equal(server.only().out.length, 0);
  for (let i = 0; i < 32; i += 1) {
    server.put(server.only(), "notify", [1, "x", []]);
  }
  clock.advance(20);
  assert.equal(count(), 2);
  server.put(server.only(), "notify", [1, "x", []]);
  clock.advance(10);
  client.notify(1, "hello", []);
  clock.advance(10000);
  assert.equal(count(), 2, "it rode on the notification");
});

test("doubled messages run once; a gap leaves the session and resumes at once", () => {
  const { clock, net, server, client, TwistedChat } = setUp();
  const heard = [];
  TwistedChat.widget("A.B", { exposed: { hear: (x) => heard.push(x) } });
  server.double = true;
  server.element(server.only(), 1, "A.B");
  server.put(server.only(), "notify", [1, "hear", [1]]);
  clock.advance(50);
  server.double = false;
  const client_ = server.only();
  client_.out.push([client_.next, ["notify", [1, "hear", [2]]]]);
  client_.next += 1;
  server.put(client_, "notify", [1, "hear", [3]]);
  clock.advance(200);
  assert.deepEqual(heard, [1, 2, 3]);
  assert.equal(net.opened.length, 2);
  assert.equal(client.status().state, "open");
});

test("the basket is bounded by number and by size; what does not fit is refused here", () => {
  const { clock, net, client } = setUp();
  net.down = true;
  net.snap(net.last);
  let refused = 0;
  for (let i = 0; i < 1005; i += 1) {
    client.callRemote(1, "x", []).addErrback((error) => { refused += error.error === "Overflow" ? 1 : 0; });
  }
  assert.equal(refused, 5);
  const other = setUp();
  const big = result(other.client.callRemote(1, "x", ["y".repeat(1048576)]));
  assert.equal(big[0][1].error, "Overflow");
  clock.advance(1);
});

test("cancel tells the server, and the late answer is ignored", () => {
  const { clock, server, client } = setUp();
  server.handle = { slow: () => "late" };
  const deferred = client.callRemote(1, "slow", []);
  const got = result(deferred);
  deferred.cancel();
  clock.advance(100);
  assert.equal(got.length, 1);
  assert.equal(got[0][1].kind, "cancelled");
  assert.equal(server.only().calls[1][0], "cancel");
});

test("messages of a session that was left are ignored", () => {
  const { clock, net, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  const old = net.last;
  client.use("xhr-streaming");
  clock.advance(200);
  old.fire("message", { data: JSON.stringify(["event", ROOM, 1, id("x"), ["message", "ghost"]]) });
  assert.deepEqual(handler.texts(), []);
  say(server, "real");
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["real"]);
});

test("close by the server is the end: widgets told, calls unknown, status closed, no reconnect", () => {
  const { clock, net, server, client } = setUp();
  const got = result(client.callRemote(1, "x".repeat(3), []));
  server.handle = { xxx: () => undefined };
  server.put(server.only(), "close", ["enough"]);
  clock.advance(60000);
  assert.equal(got[0][1].kind, "unknown");
  assert.equal(client.status().state, "closed");
  assert.equal(net.opened.length, 1);
  assert.equal(clock.timers.length, 0);
  assert.equal(result(client.callRemote(1, "x", []))[0][1].error, "Closed");
});

test("close() says bye and leaves nothing running", () => {
  const { clock, net, server, client } = setUp();
  client.close();
  clock.advance(100);
  assert.equal(server.clients.size, 0);
  assert.equal(client.status().state, "closed");
  assert.equal(net.live.length, 0);
  assert.equal(clock.timers.length, 0);
});

// --- widgets ---------------------------------------------------------------------------------------------------------

test("the server calls only what a widget exposes, and errors are safe to tell", () => {
  const { clock, server, TwistedChat } = setUp();
  const later = new TwistedChat.Deferred();
  TwistedChat.widget("A.B", {
    exposed: {
      add: function (x) { return this.base() + x; },
      safe: () => { throw new TwistedChat.SafeError("Busy", "not now"); },
      bad: () => { throw new Error("a secret of the page"); },
      later: () => later,
      loop: () => { const a = {}; a.a = a; return a; }
    },
    methods: { base: () => 40 }
  });
  const client = server.only();
  server.element(client, 1, "A.B");
  ["add", "safe", "bad", "later", "loop", "base", "constructor", "callRemote"].forEach((name, i) => {
    server.put(client, "call", ["s" + i, 1, name, [2]]);
  });
  server.put(client, "call", ["s9", 7, "add", []]);
  clock.advance(50);
  later.callback("now");
  clock.advance(50);
  const answers = {};
  client.calls.forEach(([, [cid, ok, value]]) => { answers[cid] = ok ? value : value.error; });
  assert.deepEqual(answers, {
    s0: 42, s1: "Busy", s2: "InternalError", s3: "now", s4: "Overflow", s5: "NotExposed", s6: "NotExposed",
    s7: "NotExposed", s9: "NoSuchElement"
  });
  const told = client.calls.find(([, [cid]]) => cid === "s2")[1][2];
  assert.ok(!told.text.includes("secret"));
  assert.ok(TwistedChat.log.lines.some((line) => line.includes(told.id) && line.includes("a secret of the page")));
});

test("a call that the server cancels is not answered", () => {
  const { clock, server, TwistedChat } = setUp();
  const later = new TwistedChat.Deferred();
  TwistedChat.widget("A.B", { exposed: { later: () => later } });
  server.element(server.only(), 1, "A.B");
  server.put(server.only(), "call", ["s1", 1, "later", []]);
  server.put(server.only(), "cancel", ["s1"]);
  clock.advance(100);
  assert.ok(later.fired, "it was told to the method's Deferred");
  assert.deepEqual(server.only().calls, []);
});

test("scripts load one after the other, once; what is said to an element waits for them, and children for parents", () => {
  const asked = [];
  const made = [];
  const all = setUp({ loadScript: (url, done) => asked.push([url, done]) });
  const { clock, server, client, TwistedChat } = all;
  client.on("element", (widget, parent) => made.push(widget.jsClass + " in " + parent));
  server.element(server.only(), 1, "P.P", { scripts: ["js/a.js", "js/b.js"], args: ["hello"] });
  server.element(server.only(), 2, "C.C", { parent: 1, scripts: ["js/b.js"] });
  server.put(server.only(), "notify", [1, "hear", ["x"]]);
  server.put(server.only(), "call", ["s1", 2, "ask", []]);
  clock.advance(50);
  assert.deepEqual(asked.map(([url]) => url), ["js/a.js"]);
  asked[0][1](null);
  assert.deepEqual(asked.map(([url]) => url), ["js/a.js", "js/b.js"]);
  const heard = [];
  TwistedChat.widget("P.P", { init: (text) => heard.push(text), exposed: { hear: (x) => heard.push(x) } });
  TwistedChat.widget("C.C", { exposed: { ask: () => "child" } });
  asked[1][1](null);
  clock.advance(50);
  assert.deepEqual(made, ["P.P in 0", "C.C in 1"]);
  assert.deepEqual(heard, ["hello", "x"]);
  assert.deepEqual(server.only().calls, [["respond", ["s1", true, "child"]]]);
  assert.equal(asked.length, 2);
});

test("a script that fails or never comes is one clear line, and what follows still works", () => {
  const all = setUp({ loadScript: () => {} });
  const { clock, server, TwistedChat } = all;
  TwistedChat.widget("Good.One", { exposed: { ask: () => 1 } });
  server.element(server.only(), 1, "Bad.One", { scripts: ["js/never.js"] });
  server.element(server.only(), 2, "Good.One");
  server.element(server.only(), 3, "No.Such");
  ["1", "2", "3"].forEach((number) => server.put(server.only(), "call", ["s" + number, Number(number), "ask", []]));
  clock.advance(19000);
  server.net.beat(server.net.last);
  clock.advance(9000);
  const answers = server.only().calls.map(([, [cid, ok]]) => cid + ok).sort();
  assert.deepEqual(answers, ["s1false", "s2true", "s3false"]);
  assert.ok(TwistedChat.log.lines.some((line) => line.includes("js/never.js")));
  assert.ok(TwistedChat.log.lines.some((line) => line.includes("No.Such")));
});

test("detach takes the children too, the innermost first", () => {
  const { clock, server, TwistedChat } = setUp();
  const gone = [];
  TwistedChat.widget("A.B", { gone: function (reason) { gone.push([this.id, reason]); } });
  server.element(server.only(), 1, "A.B");
  server.element(server.only(), 2, "A.B", { parent: 1 });
  server.element(server.only(), 3, "A.B", { parent: 2 });
  server.put(server.only(), "detach", [2]);
  server.put(server.only(), "call", ["s1", 3, "x", []]);
  clock.advance(50);
  assert.deepEqual(gone, [[3, "detached"], [2, "detached"]]);
  assert.equal(server.only().calls[0][1][2].error, "NoSuchElement");
});

// --- channels --------------------------------------------------------------------------------------------------------

test("joins of one turn are one request; the handler gets the last entries, then events, each once", () => {
  const { clock, server, client } = setUp();
  say(server, "before");
  const one = recorder();
  const two = recorder();
  client.join(ROOM, one);
  client.join("room/b", two);
  clock.advance(50);
  assert.deepEqual(server.joins, [{ [ROOM]: null, "room/b": null }]);
  server.double = true;
  say(server, "after");
  clock.advance(50);
  assert.deepEqual(one.texts(), ["before", "after"]);
  assert.deepEqual(one.told.map(([name]) => name), ["joined", "message", "presence", "message"]);
  assert.deepEqual(one.told[3][2], { channel: ROOM, epoch: "e1", offset: 2, id: id("after"), at: 1001, history: false });
  assert.equal(one.told[0][1].hole, false);
});

test("more than 100 joins are several requests; more than 200 channels are refused here", () => {
  const { clock, server, client } = setUp();
  const handlers = Array.from({ length: 201 }, () => recorder());
  handlers.forEach((handler, i) => client.join("room/" + i, handler));
  clock.advance(50);
  assert.deepEqual(server.joins.map((at) => Object.keys(at).length), [100, 100]);
  assert.equal(handlers[200].told[0][1].error, "Overflow");
});

test("a resume replays what was missed; nothing is asked for again", () => {
  const { clock, net, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  clock.advance(50);
  net.rot(net.last);
  server.gone(net.last);
  say(server, "2");
  client.cut();
  say(server, "3");
  clock.advance(3000);
  assert.deepEqual(handler.texts(), ["1", "2", "3"]);
  assert.equal(server.joins.length, 1);
});

test("a server that began anew is asked again with the position, which carries on without a hole", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  clock.advance(50);
  server.restart();
  say(server, "2");
  clock.advance(3000);
  assert.deepEqual(handler.texts(), ["1", "2"]);
  assert.deepEqual(server.joins[1], { [ROOM]: ["e1", 1, id("1")] });
  assert.ok(!handler.told.some(([name, result]) => name === "joined" && result.hole));
});

test("a log that is gone shows a hole, and the entries of the new one", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  clock.advance(50);
  server.restart(true);
  server.log(ROOM).entries = [];
  say(server, "other");
  clock.advance(3000);
  assert.deepEqual(handler.texts(), ["1", "other"]);
  assert.equal(handler.told.filter(([name]) => name === "joined")[1][1].hole, true);
  say(server, "next");
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["1", "other", "next"]);
});

test("a handler that wants its history whole gets it as one batch", () => {
  const { clock, server, client } = setUp();
  say(server, "a");
  say(server, "b");
  const batches = [];
  const handler = recorder({ history: (entries, hole, epoch) => batches.push(plain([entries.map((e) => e[1]), hole, epoch])) });
  client.join(ROOM, handler);
  clock.advance(50);
  assert.deepEqual(batches, [[[id("a"), id("b")], false, "e1"]]);
  assert.deepEqual(handler.texts(), []);
});

test("an unanswered join is asked again on a new session", () => {
  const { clock, net, client, server } = setUp();
  const handler = recorder();
  net.rot(net.last);
  client.join(ROOM, handler);
  clock.advance(50);
  client.cut();
  clock.advance(3000);
  assert.equal(handler.told[0][0], "joined");
  assert.equal(server.joins.length, 1);
});

test("a gap asks the server to rewind, once; dups by offset and by id are dropped", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  clock.advance(50);
  server.log(ROOM).post(id("2"), ["message", "2"]);
  say(server, "3");
  say(server, "4");
  clock.advance(50);
  assert.deepEqual(server.states.filter(([, rewind]) => rewind), [[{ [ROOM]: ["e1", 1, id("1")] }, true]]);
  assert.deepEqual(handler.texts(), ["1", "2", "3", "4"]);
  server.event(server.only(), ROOM, { offset: 5, id: id("3"), event: ["message", "3"] });
  server.event(server.only(), ROOM, { offset: 6, id: id("6"), event: ["message", "6"] });
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["1", "2", "3", "4", "6"]);
});

test("events of channels that were not joined, or were left, are dropped; a leave survives a resume", () => {
  const { clock, net, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  server.event(server.only(), "room/other", { offset: 1, id: id("x"), event: ["message", "x"] });
  net.rot(net.last);
  client.leave(ROOM);
  say(server, "1");
  client.cut();
  clock.advance(3000);
  assert.deepEqual(handler.texts(), []);
  assert.equal(server.only().subscribed.has(ROOM), false);
});

test("an event can only reach what stands in `events` itself", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  server.post(ROOM, id("1"), ["constructor", "x"]);
  say(server, "2");
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["2"]);
});

test("a failing handler stops nobody", () => {
  const { clock, server, client, TwistedChat } = setUp();
  const handler = recorder();
  client.join("room/bad", { events: { message: () => { throw new Error("broken handler"); } } });
  client.join(ROOM, handler);
  clock.advance(50);
  server.post("room/bad", id("1"), ["message", "x"]);
  say(server, "1");
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["1"]);
  assert.ok(TwistedChat.log.lines.some((line) => line.includes("broken handler")));
});

test("refused: the handler learns why, and nothing is asked again by itself", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  server.refuse = { [ROOM]: { error: "NoSuchRoom", text: "no" } };
  client.join(ROOM, handler);
  clock.advance(50);
  client.cut();
  clock.advance(3000);
  assert.deepEqual(handler.told, [["refused", { kind: "refused", error: "NoSuchRoom", text: "no" }]]);
  assert.equal(server.joins.length, 1);
});

test("reset because the store lost entries: joins again by position, and is shown the hole", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  say(server, "2");
  clock.advance(50);
  server.log(ROOM).entries.pop();
  say(server, "other");
  server.send(server.only(), ["reset", ROOM, "lost"]);
  clock.advance(50);
  assert.deepEqual(server.joins[1], { [ROOM]: ["e1", 2, id("2")] });
  assert.equal(handler.told.filter(([name]) => name === "joined")[1][1].hole, true);
  assert.deepEqual(handler.texts(), ["1", "2", "other"]);
});

test("a join while the store is away is asked again until it is answered; the handler is told once", () => {
  const { clock, server, client } = setUp();
  const handler = recorder({ delayed: (error) => handler.told.push(["delayed", error.error]) });
  server.refuse = { [ROOM]: { error: "StoreUnavailable", text: "away" } };
  client.join(ROOM, handler);
  clock.advance(120000);
  assert.deepEqual(handler.told, [["delayed", "StoreUnavailable"]]);
  const asked = server.joins.length;
  assert.ok(asked > 10 && asked < 20, String(asked));
  server.refuse = {};
  clock.advance(10000);
  assert.deepEqual(handler.told.slice(1).map(([name]) => name), ["joined", "presence"]);
  assert.equal(server.joins.length, asked + 1);
});

test("a join that waits to be asked again is not asked any more once it was left", () => {
  const { clock, server, client } = setUp();
  server.refuse = { [ROOM]: { error: "TooFast", text: "wait", retry: 3 } };
  client.join(ROOM, recorder());
  clock.advance(2900);
  assert.equal(server.joins.length, 1);
  client.leave(ROOM);
  clock.advance(60000);
  assert.equal(server.joins.length, 1);
});

test("reset: joins again by position, unless removed", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  client.join(ROOM, handler);
  clock.advance(50);
  say(server, "1");
  clock.advance(50);
  server.send(server.only(), ["reset", ROOM, "behind"]);
  clock.advance(50);
  assert.deepEqual(server.joins[1], { [ROOM]: ["e1", 1, id("1")] });
  server.send(server.only(), ["reset", ROOM, "removed"]);
  clock.advance(50);
  assert.equal(server.joins.length, 2);
  say(server, "2");
  clock.advance(50);
  assert.deepEqual(handler.texts(), ["1"]);
  assert.deepEqual(handler.told.filter(([name]) => name === "reset"), [["reset", "behind"], ["reset", "removed"]]);
});

test("presence: deltas that fit are told, old ones dropped, and one that does not fit asks for the full set", () => {
  const { clock, server, client } = setUp();
  const handler = recorder();
  server.log(ROOM).people = [["u1", "Ann"]];
  client.join(ROOM, handler);
  clock.advance(2000);
  const told = () => handler.told.filter(([name]) => name === "presence").map(([, change]) => [change.kind, change.version]);
  const delta = (version) => server.send(server.only(), ["presence", ROOM, version, "delta", [["u2", "Bob"]], [], 2]);
  delta(2);
  delta(2);
  delta(1);
  clock.advance(50);
  assert.deepEqual(told(), [["full", 1], ["delta", 2]]);
  server.log(ROOM).version = 9;
  delta(8);
  delta(9);
  clock.advance(50);
  assert.equal(server.joins.length, 2);
  assert.deepEqual(told().slice(2), [["full", 9]]);
  server.send(server.only(), ["presence", ROOM, 10, "count", 300]);
  clock.advance(50);
  assert.deepEqual(told().slice(3), [["count", 10]]);
});

test("what the client has is stated every 25 s, and on heartbeats, but not on each one", () => {
  const { clock, net, server, client } = setUp();
  client.join(ROOM, recorder());
  clock.advance(50);
  for (let i = 0; i < 240; i += 1) {
    clock.advance(250);
    net.beat(net.last);
  }
  assert.ok(server.states.length >= 4 && server.states.length <= 7, String(server.states.length));
  assert.deepEqual(server.states[0], [{ [ROOM]: ["e1", 0, ""] }, false]);
  const before = server.states.length;
  clock.advance(55000);
  assert.equal(server.states.length - before, 2);
});

test("with holdJoins nothing is asked for on a new life until rejoin()", () => {
  const { clock, server, client } = setUp({ holdJoins: true });
  client.join(ROOM, recorder());
  clock.advance(50);
  server.restart();
  clock.advance(3000);
  assert.equal(server.joins.length, 1);
  client.rejoin();
  clock.advance(50);
  assert.equal(server.joins.length, 2);
});

// --- Deferred --------------------------------------------------------------------------------------------------------

test("Deferred: chains, errors, waiting for another one, branches by then, and promises may await it", async () => {
  const { TwistedChat } = setUp();
  const { Deferred } = TwistedChat;
  const seen = [];
  const inner = new Deferred();
  const first = new Deferred();
  first.addCallback((x) => x + 1).addCallback(() => inner).addCallback((x) => { seen.push(x); throw new Error("no"); })
    .addErrback((error) => error.message).addBoth((x) => seen.push(x));
  first.callback(1);
  assert.deepEqual(seen, []);
  inner.callback("inner");
  assert.deepEqual(seen, ["inner", "no"]);
  const second = new Deferred();
  const branch = result(second.then((x) => x * 2));
  const main = result(second);
  second.callback(21);
  assert.deepEqual([branch, main], [[["ok", 42]], [["ok", 21]]]);
  const third = new Deferred();
  third.callback("awaited");
  assert.equal(await third, "awaited");
  assert.throws(() => third.callback("twice"));
  const fourth = new Deferred();
  fourth.errback({ kind: "refused", error: "X", text: "" });
  await assert.rejects(Promise.resolve(fourth), (error) => error.error === "X");
});

// --- everything at once ----------------------------------------------------------------------------------------------

/** Break, double, move and restart at random; say what was said and seen. */
function storm(seed) {
  const { clock, net, server, client } = setUp({ random: randomFrom(seed + 1) });
  const random = randomFrom(seed);
  const handler = recorder();
  const ran = [];
  const asked = [];
  const ends = {};
  server.handle = { note: (_, x) => { ran.push(x); return x; } };
  client.join(ROOM, handler);
  clock.advance(50);
  const names = ["websocket", "xhr-streaming", "xhr-polling", "iframe-htmlfile"];
  const deeds = [
    () => net.live.forEach((sock) => net.snap(sock)), () => client.cut(), () => client.use(names[Math.floor(random() * 4)]),
    () => { server.double = !server.double; }, () => { server.loseWelcome += 1; }, () => { server.loseAnswers += 1; },
    () => { const sock = net.last; net.rot(sock); clock.advance(3000); net.snap(sock); }, () => server.restart()
  ];
  for (let i = 0; i < 150; i += 1) {
    say(server, String(i));
    asked.push(i);
    client.callRemote(1, "note", [i]).addCallback((x) => { ends[i] = "done " + x; })
      .addErrback((error) => { ends[i] = error.kind; });
    clock.advance(random() * 40);
    if (random() < 0.15) {
      deeds[Math.floor(random() * deeds.length)]();
    }
  }
  server.loseWelcome = server.loseAnswers = 0;
  client.use(null);
  clock.advance(120000);
  return { handler, ran, asked, ends, status: client.status() };
}

test("under any cuts, doubles, hops and restarts: each event once and in order, each call at most once and ended", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { handler, ran, asked, ends, status } = storm(seed);
    const context = "seed " + seed;
    assert.equal(status.state, "open", context);
    assert.deepEqual(handler.texts(), asked.map(String), context);
    assert.equal(new Set(ran).size, ran.length, context);
    asked.forEach((i) => {
      assert.ok(ends[i] === "done " + i || ends[i] === "unknown", context + ": call " + i + " ended " + ends[i]);
      assert.ok(ends[i] === "unknown" || ran.includes(i), context);
    });
  }
});
