"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { Clock, STATIC, makePage } = require("./harness");

const TEXT = fs.readFileSync(path.join(STATIC, "twistedchat.d.ts"), "utf8");
const { TwistedChat } = makePage(new Clock());

/** The names of the methods that a class of the declarations has. */
function methodsOf(name) {
  const body = TEXT.slice(TEXT.indexOf("  class " + name + " {")).split("\n  }\n")[0];
  return [...body.matchAll(/^    ([a-z]\w*)\(/gm)].map((found) => found[1]).filter((method) => method !== "constructor");
}

test("what the declarations promise on TwistedChat is there", () => {
  const promised = [...TEXT.matchAll(/^  (?:class|function|const) (\w+)/gm)].map((found) => found[1]);
  assert.ok(promised.includes("Chat") && promised.includes("widget") && promised.length >= 5);
  promised.forEach((name) => assert.equal(typeof TwistedChat[name], "function", name));
});

["LiveClient", "Chat"].forEach((name) => {
  test(name + " has the methods that the declarations give it", () => {
    const methods = methodsOf(name);
    assert.ok(methods.length >= 8, methods.join());
    methods.forEach((method) => assert.equal(typeof TwistedChat[name].prototype[method], "function", method));
  });
});

test("the declared transports are those that there are, in their order", () => {
  const declared = TEXT.slice(TEXT.indexOf("type TransportName"), TEXT.indexOf(";", TEXT.indexOf("type TransportName")));
  assert.deepEqual([...declared.matchAll(/"([^"]+)"/g)].map((found) => found[1]), [...TwistedChat.TRANSPORTS]);
});
