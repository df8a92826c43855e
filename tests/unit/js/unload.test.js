"use strict";
const test = require("node:test");
const assert = require("node:assert");
const { Clock, makePage } = require("./harness");

const FIRST = ["shim.js", "base.js", "unload.js"];

test("the one listener to unload is told of a pagehide that is the end, and not of a rest in the cache", () => {
  const { window, listeners, dispatch } = makePage(new Clock(), { scripts: FIRST });
  const told = [];
  window.addEventListener("load", () => told.push("load"), false);
  window.addEventListener("unload", () => told.push("SockJS"), false);
  assert.equal(listeners.unload, undefined);
  dispatch("load");
  dispatch("pagehide", { persisted: true });
  dispatch("pagehide", { persisted: false });
  assert.deepEqual(told, ["load", "SockJS"]);
});

test("after SockJS, everybody listens to unload as ever", () => {
  const { window, listeners } = makePage(new Clock(), { scripts: [] });
  const before = window.addEventListener;
  const page = makePage(new Clock(), { scripts: FIRST, more: { addEventListener: before } }).window;
  assert.notEqual(page.addEventListener, before);
  page.addEventListener("unload", () => {}, false);
  assert.equal(page.addEventListener, before);
  page.addEventListener("unload", () => {}, false);
  assert.equal(listeners.unload.length, 1);
});

test("SockJS closes what is open after our own last word", () => {
  const { window, dispatch, TwistedChat } = makePage(new Clock(), { scripts: FIRST });
  const order = [];
  window.addEventListener("unload", () => order.push("SockJS"), false);
  window.addEventListener("pagehide", () => order.push("bye"), false);
  TwistedChat.closeSocketsLast();
  TwistedChat.closeSocketsLast();
  dispatch("pagehide", { persisted: false });
  assert.deepEqual(order, ["bye", "SockJS"]);
});

test("where there is no pagehide, unload stays what it is", () => {
  const { window, listeners } = makePage(new Clock(), { scripts: FIRST, more: { onpagehide: undefined } });
  window.addEventListener("unload", () => {}, false);
  assert.equal(listeners.unload.length, 1);
});
