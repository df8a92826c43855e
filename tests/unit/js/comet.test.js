"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Clock, Net, Storage, makePage, plain, randomFrom } = require("./harness");
const { Server } = require("./fakeserver");

function setUp(options = {}, pageOptions = {}, world = {}) {
  const clock = world.clock || new Clock();
  const net = world.net || new Net(clock);
  const server = world.server || new Server(net);
  const page = makePage(clock, pageOptions);
  const client = new page.TwistedChat.LiveClient(Object.assign(
    { url: "/comet", SockJS: net.SockJS, clock: clock.api, random: () => 0.5 }, options));
  const seen = [];
  client.on("status", (status) => seen.push(plain(status)));
  return { clock, net, server, page, client, seen, status: () => plain(client.status()) };
}

function started(options, pageOptions, world) {
  const all = setUp(options, pageOptions, world);
  all.client.start();
  all.clock.advance(100);
  return all;
}

const ALL = ["websocket", "xhr-streaming", "eventsource", "iframe-eventsource", "htmlfile", "iframe-htmlfile",
  "xhr-polling", "iframe-xhr-polling", "jsonp-polling"];

test("every attempt forces one transport, with a session id of 26 characters", () => {
  const { net, status } = started();
  assert.deepEqual(plain(net.last.options.transports), ["websocket"]);
  assert.equal(net.last.options.sessionId, 26);
  assert.deepEqual(status(), { state: "open", transport: "websocket" });
});

test("all nine transports are tried in order, and what never carried a message both ways is not used", () => {
  const { net, clock, client, seen } = setUp();
  ALL.slice(0, 8).forEach((name, i) => { net.behave[name] = i % 2 ? "mute" : "refuse"; });
  client.start();
  clock.advance(120000);
  assert.deepEqual([...new Set(net.opened.map((sock) => sock.transport))].slice(0, 9), ALL);
  assert.equal(client.status().state, "open");
  assert.equal(client.status().transport, "jsonp-polling");
  assert.equal(seen.filter((status) => status.state === "waiting").length, 0, "the next transport is tried at once");
});

test("what the browser cannot do is not tried", () => {
  const { net, clock, client } = setUp({}, { more: { WebSocket: undefined, EventSource: undefined } });
  net.behave = { "xhr-streaming": "refuse", "htmlfile": "refuse" };
  client.start();
  clock.advance(100);
  assert.deepEqual(net.opened.map((sock) => sock.transport), ["xhr-streaming", "htmlfile", "iframe-htmlfile"]);
});

test("htmlfile is not tried on another origin", () => {
  const { net, clock, client } = setUp({ url: "http://other.example/comet", transports: ["htmlfile", "iframe-htmlfile"] });
  client.start();
  clock.advance(100);
  assert.deepEqual(net.opened.map((sock) => sock.transport), ["iframe-htmlfile"]);
});

test("a frame waits for the page's load event, which it would otherwise hold up for ever", () => {
  const { net, clock, client, page } = setUp({ transport: "htmlfile" });
  page.window.document.readyState = "interactive";
  client.start();
  clock.advance(1000);
  assert.equal(net.opened.length, 0);
  page.dispatch("load");
  clock.advance(100);
  assert.equal(client.status().state, "open");
});

test("an attempt that hangs is given up after its own time, and the next transport is tried", () => {
  const { net, clock, client } = setUp();
  net.behave.websocket = "hang";
  client.start();
  clock.advance(14000);
  assert.equal(net.opened.length, 1);
  clock.advance(2000);
  assert.equal(client.status().transport, "xhr-streaming");
  assert.equal(client.status().state, "open");
});

test("a server that cannot be reached says nothing against the transport: back off with full jitter, capped", () => {
  const waits = [];
  const { net, clock, client } = setUp({ random: randomFrom(7) });
  client.on("status", (status) => { if (status.state === "waiting") { waits.push(status.retryIn); } });
  net.down = true;
  client.start();
  clock.advance(600000);
  assert.ok(net.opened.every((sock) => sock.transport === "websocket"));
  waits.forEach((ms, i) => assert.ok(ms <= Math.min(30000, 1000 * 2 ** i), ms + " at " + i));
  assert.ok(waits.slice(6).some((ms) => ms < 10000) && waits.slice(6).some((ms) => ms > 20000), "jitter after the cap");
  net.down = false;
  clock.advance(31000);
  assert.equal(client.status().state, "open");
  assert.equal(client.status().transport, "websocket");
});

test("two deaths within 60 s of opening demote a transport, and it is tried again five minutes later", () => {
  const { net, clock, client, status } = started();
  net.snap(net.last);
  clock.advance(2000);
  assert.equal(status().transport, "websocket", "one death is forgiven");
  net.snap(net.last);
  clock.advance(3000);
  assert.equal(status().transport, "xhr-streaming");
  clock.advance(200000);
  assert.equal(net.opened.filter((sock) => sock.transport === "websocket").length, 2, "not while demoted");
  for (let i = 0; i < 40 && status().transport !== "websocket"; i += 1) {
    net.live.forEach((sock) => net.beat(sock));
    clock.advance(20000);
  }
  assert.equal(status().transport, "websocket");
  assert.equal(client.status().state, "open");
});

test("a death after a minute counts for nothing", () => {
  const { net, clock, status } = started();
  for (let i = 0; i < 4; i += 1) {
    for (let beat = 0; beat < 4; beat += 1) {
      clock.advance(20000);
      net.beat(net.last);
    }
    clock.advance(100);
    net.snap(net.last);
    clock.advance(2000);
  }
  assert.equal(status().transport, "websocket");
});

test("a transport that failed while another one worked is left alone for five minutes", () => {
  const { net, clock, client } = setUp();
  net.behave.websocket = "refuse";
  client.start();
  clock.advance(100);
  net.snap(net.last);
  clock.advance(3000);
  assert.deepEqual(net.opened.map((sock) => sock.transport), ["websocket", "xhr-streaming", "xhr-streaming"]);
});

test("climbing: a probe before hello, then hello there, and the server closes the old session", () => {
  const { net, server, clock, client, status } = setUp();
  net.behave.websocket = "refuse";
  client.start();
  clock.advance(100);
  assert.equal(status().transport, "xhr-streaming");
  net.behave.websocket = "ok";
  for (let i = 0; i < 20 && status().transport !== "websocket"; i += 1) {
    net.live.forEach((sock) => net.beat(sock));
    clock.advance(20000);
  }
  assert.equal(status().transport, "websocket");
  const said = net.sent.filter(([sock]) => sock.transport === "websocket").map(([, text]) => JSON.parse(text)[0]);
  assert.deepEqual(said.slice(0, 2), ["probe", "hello"]);
  assert.equal(net.live.length, 1);
  assert.equal(server.hellos.length, 2);
  assert.equal(server.hellos[1].n, 2);
});

test("a probe that is not answered leaves the conversation where it is", () => {
  const { net, clock, client, status, seen } = setUp();
  net.behave.websocket = "mute";
  client.start();
  clock.advance(20000);
  const before = seen.length;
  for (let i = 0; i < 40; i += 1) {
    net.live.forEach((sock) => net.beat(sock));
    clock.advance(20000);
  }
  assert.ok(net.opened.filter((sock) => sock.transport === "websocket").length >= 2, "it did try");
  assert.equal(status().state, "open");
  assert.equal(status().transport, "xhr-streaming");
  assert.equal(seen.length, before);
});

test("use() moves in mid-conversation to each transport and back", () => {
  const { net, clock, client, status } = started();
  ALL.concat(ALL.slice().reverse()).forEach((name) => {
    client.use(name);
    clock.advance(200);
    assert.equal(status().transport, name);
    assert.equal(status().state, "open");
    assert.equal(net.live.length, 1);
  });
});

test("use() of what does not work keeps the conversation, tries again, and null gives it up", () => {
  const { net, clock, client, status } = started();
  net.behave["xhr-streaming"] = "refuse";
  client.use("xhr-streaming");
  clock.advance(10000);
  assert.equal(status().transport, "websocket");
  assert.ok(net.opened.filter((sock) => sock.transport === "xhr-streaming").length >= 2);
  net.behave["xhr-streaming"] = "ok";
  clock.advance(30000);
  assert.equal(status().transport, "xhr-streaming");
  client.use(null);
  clock.advance(200);
  assert.equal(status().transport, "websocket");
});

test("a forced transport is stayed on, however often it fails", () => {
  const { net, clock, client } = setUp({ transport: "eventsource" });
  net.behave.eventsource = "refuse";
  client.start();
  clock.advance(60000);
  assert.ok(net.opened.length > 3);
  assert.ok(net.opened.every((sock) => sock.transport === "eventsource"));
});

test("cut() reconnects on the same transport, however often", () => {
  const { clock, client, status, seen } = started();
  for (let i = 0; i < 5; i += 1) {
    client.cut();
    assert.equal(status().state, "waiting");
    assert.equal(status().code, 1006);
    clock.advance(40000);
    assert.deepEqual(status(), { state: "open", transport: "websocket" });
  }
  assert.ok(seen.every((status) => status.transport === null || status.transport === "websocket"));
});

test("codes: 4000 to 4099 stop, 4200 to 4299 resume at once, others back off", () => {
  const { net, clock, client, status, seen } = started();
  clock.advance(20000);
  net.end(net.last, 4201, "Messages are missing, resume");
  assert.equal(seen[seen.length - 1].retryIn, 0);
  clock.advance(20000);
  net.end(net.last, 4102, "Too busy");
  assert.equal(seen[seen.length - 1].retryIn, 500);
  clock.advance(20000);
  assert.equal(status().state, "open");
  net.end(net.last, 4004, "Replaced");
  assert.deepEqual(status(), { state: "closed", transport: null, code: 4004, reason: "Replaced" });
  const count = net.opened.length;
  clock.advance(600000);
  assert.equal(net.opened.length, count);
  assert.equal(clock.timers.length, 0, "nothing is left running");
  client.now();
  clock.advance(100);
  assert.equal(status().state, "open", "someone pressed the button");
});

test("a server that says 'at once' again and again is not hammered", () => {
  const { net, clock } = started();
  const count = net.opened.length;
  net.server.hello = (sock) => net.end(sock, 4201, "resume");
  net.end(net.last, 4201, "resume");
  clock.advance(60000);
  assert.ok(net.opened.length - count < 12, String(net.opened.length - count));
});

test("heartbeats are life; 60 s of silence are death", () => {
  const { net, clock } = started();
  for (let i = 0; i < 10; i += 1) {
    clock.advance(25000);
    net.beat(net.last);
  }
  assert.equal(net.opened.length, 1);
  net.rot(net.last);
  clock.advance(64000);
  assert.equal(net.opened.length, 2);
});

test("a laptop frozen for ten minutes has caught up within 3 s, and a short nap costs nothing", () => {
  const { net, server, clock, client } = started();
  const got = [];
  client.join("room/a", { events: { message: (text) => got.push(text) } });
  clock.advance(100);
  clock.freeze(20000);
  clock.advance(3000);
  assert.equal(net.opened.length, 1);
  net.rot(net.last);
  clock.freeze(600000);
  server.gone(net.last);
  server.post("room/a", "m1".padEnd(22, "x"), ["message", "while asleep"]);
  clock.advance(3000);
  assert.deepEqual(got, ["while asleep"]);
});

test("a hidden tab whose timers run once a minute, but which hears heartbeats, is not asleep", () => {
  const { net, clock } = started();
  for (let i = 0; i < 10; i += 1) {
    clock.freeze(25000);
    net.last.fire("heartbeat", {});
    clock.freeze(25000);
    net.last.fire("heartbeat", {});
    clock.freeze(10000);
    clock.advance(1);
  }
  assert.equal(net.opened.length, 1);
});

test("online: waiting ends at once, and an open pipe that died with the old network is replaced within 3 s", () => {
  const { net, clock, client, page, status } = started();
  net.down = true;
  net.snap(net.last);
  clock.advance(200000);
  net.down = false;
  page.dispatch("online");
  clock.advance(100);
  assert.equal(status().state, "open");
  net.rot(net.last);
  page.dispatch("online");
  clock.advance(3000);
  assert.equal(client.status().state, "open");
  assert.equal(net.live.filter((sock) => !sock.dead).length, 1);
});

test("after a change of network a pipe that cannot be replaced is not believed either", () => {
  const { net, clock, page, status } = started();
  net.rot(net.last);
  net.down = true;
  page.dispatch("online");
  clock.advance(100);
  assert.equal(status().state, "waiting");
  net.down = false;
  clock.advance(10000);
  assert.equal(status().state, "open");
});

test("only the answer to our own probe moves us, and not for long is one waited for", () => {
  const { net, clock, client, status } = started();
  net.server.received = (sock, text) => { if (JSON.parse(text)[0] === "probe") { net.push(sock, ["probe", "another"]); } };
  client.use("xhr-streaming");
  clock.advance(9000);
  assert.deepEqual([status().transport, net.on("xhr-streaming").length], ["websocket", 1]);
  clock.advance(1100);
  assert.deepEqual([status().transport, net.on("xhr-streaming").length], ["websocket", 0]);
});

test("pagehide for good says bye by a beacon, on a WebSocket by an ordinary message", () => {
  const { net, clock, page } = started({ transport: "xhr-streaming" });
  page.dispatch("pagehide", { persisted: false });
  assert.equal(page.beacons.length, 1);
  assert.match(page.beacons[0][0], /\/comet\/000\/session1\/xhr_send$/);
  assert.deepEqual(JSON.parse(page.beacons[0][1]).map(JSON.parse), [["bye"]]);
  clock.advance(0);
  const other = started();
  other.page.dispatch("pagehide", { persisted: false });
  assert.equal(other.net.sent[other.net.sent.length - 1][1], '["bye"]');
  assert.equal(net.opened.length, 1);
});

test("into the back-forward cache and out again: no bye, then a resume at once", () => {
  const { net, server, clock, page, status } = started();
  page.dispatch("pagehide", { persisted: true });
  assert.equal(net.live.length, 0);
  clock.advance(1000);
  clock.freeze(50000);
  page.dispatch("pageshow", { persisted: true });
  clock.advance(100);
  assert.equal(status().state, "open");
  assert.ok(!server.heard.some((message) => message[0] === "bye"));
  assert.equal(server.clients.size, 1);
});

test("a JSONP poll that is left finds a callback when its script comes after all; few are kept", () => {
  const { clock, client, net, page } = started({ transport: "jsonp-polling" });
  page.window._jp = {};
  for (let i = 0; i < 30; i += 1) {
    const name = "a" + i;
    const sock = net.last;
    const close = sock.close.bind(sock);
    page.window._jp[name] = () => assert.fail("it was left");
    sock.close = () => { delete page.window._jp[name]; close(); };
    client.cut();
    assert.equal(page.window._jp[name]("late"), undefined);
    clock.advance(40000);
  }
  assert.equal(Object.keys(page.window._jp).length, 20);
});

// --- ten tabs --------------------------------------------------------------------------------------------------------

function tabs(count, options) {
  const clock = new Clock();
  const net = new Net(clock);
  const world = { clock, net, server: new Server(net) };
  const storage = new Storage();
  return { clock, net, all: Array.from({ length: count }, () => started(options, { storage }, world)) };
}

test("ten tabs: three hold a stream, the others poll briefly, and a freed slot is taken", () => {
  const { clock, net, all } = tabs(10, { transport: "htmlfile" });
  assert.equal(net.on("htmlfile").length, 3);
  assert.equal(net.on("xhr-polling").length, 7);
  assert.ok(net.on("xhr-polling").every((sock) => sock.url === "/comet-brief"));
  assert.deepEqual(all[9].status(), { state: "open", transport: "xhr-polling", brief: true });
  all[0].page.dispatch("pagehide", { persisted: false });
  all[0].client.close();
  net.live.forEach((sock) => net.beat(sock));
  clock.advance(5000);
  assert.equal(net.on("htmlfile").length, 3);
  assert.equal(net.live.length, 9);
});

test("tabs that keep their slots do not wake each other for ever", () => {
  const { clock, net, all } = tabs(3, { transport: "htmlfile" });
  const storage = all[0].page.storage;
  const setItem = storage.setItem.bind(storage);
  let writes = 0;
  storage.setItem = (key, value) => {                       // as browsers do it: every other tab hears of it, later
    writes += 1;
    setItem(key, value);
    all.forEach((tab) => clock.set(() => tab.page.dispatch("storage", { key }), 1));
  };
  for (let i = 0; i < 30; i += 1) {
    net.live.forEach((sock) => net.beat(sock));
    clock.advance(1000);
  }
  assert.ok(writes >= 6 && writes <= 12, "three tabs in 30 s wrote " + writes + " times");
});

test("ten tabs on long-poll: the brief ones keep their transport, and briefUrl is heard", () => {
  const { net } = tabs(10, { transport: "jsonp-polling", briefUrl: "/short" });
  assert.equal(net.on("jsonp-polling").filter((sock) => sock.url === "/comet").length, 3);
  assert.equal(net.on("jsonp-polling").filter((sock) => sock.url === "/short").length, 7);
});

test("WebSockets need no slot, and a tab that got one gives its slot back", () => {
  assert.equal(tabs(10, {}).net.on("websocket").length, 10);
  const { clock, all } = tabs(1, { transport: "xhr-streaming" });
  assert.equal(all[0].page.storage.items.size, 1);
  all[0].client.use("websocket");
  clock.advance(200);
  assert.equal(all[0].page.storage.items.size, 0);
});

test("a tab that crashed loses its slot by time; two tabs that took the same slot sort it out", () => {
  const { clock, net, all } = tabs(4, { transport: "xhr-streaming" });
  const storage = all[0].page.storage;
  assert.equal(net.on("xhr-polling").length, 1);
  storage.setItem("twistedchat.slot.0", "crashed " + (clock.time + 90000));
  clock.advance(5000);
  assert.equal(net.on("xhr-streaming").length, 2, "the one whose slot was taken polls");
  for (let i = 0; i < 8; i += 1) {
    net.live.forEach((sock) => net.beat(sock));
    clock.advance(20000);
  }
  assert.equal(net.on("xhr-streaming").length, 3);
});

test("without storage a tab believes that it is alone", () => {
  const denied = { get localStorage() { throw new Error("denied"); } };
  const clock = new Clock();
  const page = makePage(clock, { more: { localStorage: undefined } });
  Object.defineProperty(page.window, "localStorage", Object.getOwnPropertyDescriptor(denied, "localStorage"));
  const net = new Net(clock);
  new Server(net);
  const client = new page.TwistedChat.LiveClient(
    { url: "/comet", SockJS: net.SockJS, clock: clock.api, transport: "xhr-polling" });
  client.start();
  clock.advance(100);
  assert.deepEqual(plain(client.status()), { state: "open", transport: "xhr-polling" });
});

// --- brief polls -----------------------------------------------------------------------------------------------------

/** Make the fake sockets of brief sessions poll as sockjs-client does; returns the times of all polls. */
function pollingNet(clock) {
  const net = new Net(clock);
  const polls = [];
  const dial = net.dial.bind(net);
  net.dial = (sock) => {
    sock._transport.poll = { _scheduleReceiver: () => polls.push(clock.time) };
    dial(sock);
  };
  return { net, polls };
}

function briefTab(options) {
  const clock = new Clock();
  const { net, polls } = pollingNet(clock);
  const world = { clock, net, server: new Server(net) };
  const storage = new Storage();
  for (let i = 0; i < 3; i += 1) {
    storage.setItem("twistedchat.slot." + i, "another " + (clock.time + 60000));
  }
  const all = started(Object.assign({ transport: "xhr-polling" }, options), { storage }, world);
  clock.advance(3000);
  polls.length = 0;
  return Object.assign(all, { polls, ended: () => net.last._transport.poll._scheduleReceiver() });
}

test("a brief poll is followed by a pause of 600 to 1000 ms, by chance", () => {
  [[0, 600], [0.5, 800], [0.75, 900]].forEach(([random, ms]) => {
    const { clock, polls, ended } = briefTab({ random: () => random });
    const at = clock.time;
    ended();
    clock.advance(ms - 1);
    assert.equal(polls.length, 0);
    clock.advance(1);
    assert.deepEqual(polls.map((time) => time - at), [ms]);
  });
});

test("what is sent ends the pause, and for two seconds there is none", () => {
  const { clock, client, polls, ended } = briefTab();
  ended();
  clock.advance(100);
  client.notify(1, "hello", []);
  assert.equal(polls.length, 1);
  clock.advance(1900);
  ended();
  assert.equal(polls.length, 2);
  clock.advance(200);
  ended();
  assert.equal(polls.length, 2);
});

test("a tab with a slot tells of news, and that ends the pauses of the others", () => {
  const { clock, net, all } = tabs(4, { transport: "htmlfile" });
  const storage = all[0].page.storage;
  clock.advance(1000);
  const told = storage.getItem("twistedchat.news");
  net.push(net.on("htmlfile")[0], ["presence", "room/none", 1, "count", 1]);
  clock.advance(10);
  assert.notEqual(storage.getItem("twistedchat.news"), told);
  const { page, polls, ended, clock: time } = briefTab();
  ended();
  page.dispatch("storage", { key: "twistedchat.other" });
  assert.equal(polls.length, 0);
  page.dispatch("storage", { key: "twistedchat.news" });
  assert.equal(polls.length, 1);
  page.dispatch("storage", { key: "twistedchat.news" });
  assert.equal(polls.length, 1, "a poll is under way");
  ended();
  assert.equal(polls.length, 2, "which had ended before the news");
  ended();
  time.advance(700);
  assert.equal(polls.length, 2);
});

test("news that we have just had ourselves are worth no poll, nor is it told while a slot is free", () => {
  const { clock, net, page, polls, ended } = briefTab();
  net.push(net.last, ["presence", "room/none", 1, "count", 1]);
  clock.advance(10);
  ended();
  page.dispatch("storage", { key: "twistedchat.news" });
  assert.equal(polls.length, 0);
  const few = tabs(2, { transport: "htmlfile" });
  few.clock.advance(1000);
  few.net.push(few.net.last, ["presence", "room/none", 1, "count", 1]);
  few.clock.advance(10);
  assert.equal(few.all[0].page.storage.getItem("twistedchat.news"), null);
});

test("a session that is left in a pause never polls again", () => {
  const { clock, client, net, polls, ended } = briefTab();
  const left = net.last;
  ended();
  client.close();
  clock.advance(10000);
  left._transport.poll._scheduleReceiver();
  left._transport.poll.pollIsClosing = true;
  clock.advance(10000);
  assert.equal(polls.length, 0);
});

test("frames of sessions are out of the page before it rests in the back-forward cache; others stay", () => {
  const gone = [];
  const frame = (src) => ({ src, parentNode: { removeChild: (node) => gone.push(node.src) } });
  const frames = ["http://chat.example/comet/1/a/htmlfile?c=x", "http://chat.example/comets/", "http://chat.example/comet/iframe.html#1",
    "http://other.example/comet/"].map(frame);
  const anchor = () => ({ set href(url) { this.full = "http://chat.example" + url; }, get href() { return this.full; } });
  const document = { readyState: "complete", hidden: false, addEventListener: () => {}, removeEventListener: () => {},
    createElement: anchor, getElementsByTagName: () => frames };
  const { page } = started({ transport: "htmlfile" }, { more: { document } });
  page.dispatch("pagehide", { persisted: true });
  assert.deepEqual(gone, [frames[2].src, frames[0].src]);
});
