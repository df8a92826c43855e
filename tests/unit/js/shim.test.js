"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { Clock, STATIC, makePage, plain } = require("./harness");

const FIRST = ["shim.js", "base.js"];

/** A browser of 2001: nothing of what the shim supplies. */
function oldBrowser() {
  const context = vm.createContext({});
  vm.runInContext(`
    delete globalThis.JSON; delete Array.isArray; delete Object.keys; delete Date.now; delete String.prototype.trim;
    delete Function.prototype.bind; delete Array.prototype.indexOf; delete Array.prototype.forEach;
    delete Array.prototype.map; delete Array.prototype.filter; delete globalThis.Uint8Array;`, context);
  FIRST.forEach((name) => vm.runInContext(fs.readFileSync(path.join(STATIC, name), "utf8"), context));
  return (code) => vm.runInContext(code, context);
}

const AWKWARD = [
  null, true, false, 0, -1.5e-7, 1e300, "", "100% sure", "</script><script>", "a\u2028b\u2029c\0d\ud800e\u{1f600}f\"\\/\b\f\n\r\t",
  [], {}, [[], [{}], ""], { "a": { "b": [1, "2", null] }, " ": 1, "\n": 2 }
];

test("JSON: what the shim writes, browsers read, and the other way round", () => {
  const run = oldBrowser();
  AWKWARD.forEach((value) => {
    const text = run("JSON.stringify")(value);
    assert.deepEqual(JSON.parse(text), value);
    assert.deepEqual(plain(run("JSON.parse")(JSON.stringify(value, null, 2))), plain(value));
  });
  assert.equal(run("JSON.stringify({a: undefined, b: function () {}, c: NaN})"), '{"c":null}');
  assert.equal(run("JSON.stringify([undefined])"), "[null]");
});

test("JSON: what is no JSON is refused", () => {
  const parse = oldBrowser()("JSON.parse");
  ["", "{", "[1,]", "{a:1}", "'a'", "01", "nul", "1 2", '"\n"', '"\\x"', '{"a" 1}', "alert(1)", '"abc'].forEach((text) => {
    assert.throws(() => parse(text), text);
  });
});

test("arrays, functions, strings, dates and objects have what they lacked", () => {
  const run = oldBrowser();
  assert.equal(run("[1, 2, 3, 2].indexOf(2) + [1].indexOf(5) + [1, 2].indexOf(2, -1)"), 1);
  assert.equal(run("[1, 2, 3].map(function (x) { return x * 2; }).filter(function (x) { return x > 2; }).join()"), "4,6");
  assert.equal(run("var n = 0; [1, 2].forEach(function (x) { n += x; }); n"), 3);
  assert.equal(run("(function (a, b) { return this.c + a + b; }).bind({c: 1}, 2)(3)"), 6);
  assert.equal(run("'\\ufeff\\u00a0 x '.trim()"), "x");
  assert.equal(run("Object.keys({a: 1, b: 2}).join()"), "a,b");
  assert.equal(run("Array.isArray([]) && !Array.isArray({length: 0})"), true);
  assert.ok(Math.abs(run("Date.now()") - Date.now()) < 5000);
});

test("what the browser has is left alone", () => {
  const { window } = makePage(new Clock(), { more: { JSON: { mark: 1 } }, scripts: FIRST });
  assert.equal(window.JSON.mark, 1);
});

test("random ids: 64 characters to draw from, all of them drawn, without crypto too", () => {
  const run = oldBrowser();
  const bytes = { getRandomValues: (array) => array.fill(63) };
  const modern = makePage(new Clock(), { more: { crypto: bytes, Uint8Array }, scripts: FIRST }).TwistedChat;
  assert.equal(modern.randomId(5), "_____");
  const ids = new Set();
  for (let i = 0; i < 500; i += 1) {
    ids.add(run("TwistedChat.randomId(22)"));
  }
  assert.equal(ids.size, 500);
  assert.equal(new Set([...ids].join("")).size, 64);
  assert.ok([...ids].every((id) => /^[\w-]{22}$/.test(id)));
});

test("the log keeps 500 lines, tells its listener, and writes to the console with ?debug=1 only", () => {
  const lines = [];
  const more = (search) => ({ console: { log: (line) => lines.push(line) }, location: { search, protocol: "http:", host: "x" } });
  const quiet = makePage(new Clock(), { more: more("?debug=10") }).TwistedChat;
  const told = [];
  quiet.log.listener = (line) => told.push(line);
  for (let i = 0; i < 510; i += 1) {
    quiet.log("line " + i);
  }
  assert.equal(quiet.log.lines.length, 500);
  assert.match(quiet.log.lines[0], /line 10$/);
  assert.equal(told.length, 510);
  assert.equal(lines.length, 0);
  makePage(new Clock(), { more: more("?a=1&debug=1") }).TwistedChat.log("seen");
  assert.match(lines[0], /seen$/);
});

test("listen() works with attachEvent, and can be stopped", () => {
  const { TwistedChat } = makePage(new Clock(), { scripts: FIRST });
  const calls = [];
  const old = { attachEvent: (name) => calls.push("+" + name), detachEvent: (name) => calls.push("-" + name) };
  TwistedChat.listen(old, "online", () => {})();
  TwistedChat.listen(undefined, "online", () => {})();
  assert.deepEqual(calls, ["+ononline", "-ononline"]);
});
