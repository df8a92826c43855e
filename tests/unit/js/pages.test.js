"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { STATIC, SCRIPTS, scriptsOf } = require("./harness");

const PAGES = ["index.html", "live.html", "demo.html"];

PAGES.forEach((page) => {
  test(page + " loads scripts that are there, each once, and those of the chat in the order of index.html", () => {
    const scripts = scriptsOf(page);
    scripts.forEach((name) => assert.ok(fs.existsSync(path.join(STATIC, name)), name));
    assert.equal(new Set(scripts).size, scripts.length);
    const shared = scripts.filter((name) => scriptsOf("index.html").includes(name));
    assert.deepEqual(shared, scriptsOf("index.html").filter((name) => shared.includes(name)));
  });
});

test("every script of ours is on a page", () => {
  const ours = fs.readdirSync(STATIC).filter((name) => name.endsWith(".js"));
  assert.deepEqual(ours.filter((name) => !PAGES.some((page) => scriptsOf(page).includes(name))), []);
});

test("the README names the scripts in the order in which they are loaded", () => {
  const rows = fs.readFileSync(path.join(STATIC, "README.md"), "utf8").match(/^\| `[^|]+/gm);
  const named = rows.map((row) => row.slice(3).split("`")[0]).filter((name) => SCRIPTS.includes(name));
  assert.deepEqual(named, SCRIPTS);
});

test("an element of one's own has all that the live client needs", () => {
  const { Clock, Net, makePage } = require("./harness");
  const { Server } = require("./fakeserver");
  const clock = new Clock();
  const net = new Net(clock);
  new Server(net);
  const scripts = scriptsOf("live.html").filter((name) => SCRIPTS.includes(name));
  const { TwistedChat } = makePage(clock, { scripts });
  const client = new TwistedChat.LiveClient({ url: "/comet", SockJS: net.SockJS, clock: clock.api, root: "element" });
  client.start();
  clock.advance(100);
  assert.equal(client.status().state, "open");
});
