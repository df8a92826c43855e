"use strict";
// A page without a browser: the scripts of static/ in a vm context, with a clock, a network and a storage that tests drive.

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const STATIC = path.join(__dirname, "..", "..", "..", "static");
const SCRIPTS = scriptsOf("index.html").filter((name) => !/^(page|vendor)\b/.test(name));
const LATENCY_MS = 5;

/** The scripts that a page of static/ loads, in their order, relative to that folder. */
function scriptsOf(page) {
  const text = fs.readFileSync(path.join(STATIC, page), "utf8");
  return [...text.matchAll(/<script src="static\/([^"]+)">/g)].map((found) => found[1]);
}

class Clock {
  constructor() {
    this.time = 1700000000000;
    this.timers = [];
    this.count = 0;
    this.api = {
      now: () => this.time,
      setTimeout: (fn, ms) => this.set(fn, ms),
      clearTimeout: (id) => { this.timers = this.timers.filter((timer) => timer.id !== id); }
    };
  }
  set(fn, ms) {
    const timer = { id: (this.count += 1), at: this.time + Math.max(0, ms || 0), fn };
    this.timers.push(timer);
    return timer.id;
  }
  next(until) {
    return this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.id - b.id)[0];
  }
  advance(ms) {
    const until = this.time + ms;
    for (let timer = this.next(until); timer; timer = this.next(until)) {
      this.timers = this.timers.filter((other) => other !== timer);
      this.time = Math.max(this.time, timer.at);
      timer.fn();
    }
    this.time = Math.max(this.time, until);
  }
  /** Time passes, and no timer runs: the machine sleeps. */
  freeze(ms) {
    this.time += ms;
  }
}

/** Numbers in [0, 1) that are the same in every run (Lehmer's generator). */
function randomFrom(seed) {
  let state = seed % 2147483647 || 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

class Storage {
  constructor() { this.items = new Map(); }
  getItem(key) { return this.items.has(key) ? this.items.get(key) : null; }
  setItem(key, value) { this.items.set(key, String(value)); }
  removeItem(key) { this.items.delete(key); }
}

/** One SockJS connection as the page sees it; `net` decides what becomes of it. */
function makeSockJS(net) {
  return class FakeSockJS {
    constructor(url, protocols, options) {
      Object.assign(this, { url, options, readyState: 0, transport: options.transports[0], toServer: [], dead: false });
      this._transport = { url: "http://chat.example" + url + "/000/session" + (net.opened.length + 1) };
      net.opened.push(this);
      net.later(this, () => net.dial(this));
    }
    send(text) {
      if (this.readyState !== 1) {
        return;
      }
      net.sent.push([this, text]);
      net.later(this, () => net.server && net.server.received(this, text));
    }
    close() {
      if (this.readyState < 2) {
        this.readyState = 3;
        net.clock.set(() => net.server && net.server.gone(this), LATENCY_MS);
      }
    }
    fire(name, event) {
      if (this["on" + name]) {
        this["on" + name](event);
      }
    }
  };
}

/** Behaviours by transport: "ok", "refuse" (never opens), "hang", "mute" (opens, carries nothing), "unreachable". */
class Net {
  constructor(clock) {
    this.clock = clock;
    this.server = null;
    this.behave = {};
    this.opened = [];
    this.sent = [];
    this.down = false;
    this.SockJS = makeSockJS(this);
  }
  later(sock, fn) {
    this.clock.set(() => { if (!sock.dead) { fn(); } }, LATENCY_MS);
  }
  dial(sock) {
    const how = this.down ? "unreachable" : this.behave[sock.transport] || "ok";
    if (how === "unreachable") {
      this.end(sock, 1002, "Cannot connect to server");
    } else if (how === "refuse") {
      this.end(sock, 2000, "All transports failed");
    } else if (how !== "hang" && sock.readyState === 0) {
      sock.readyState = 1;
      sock.mute = how === "mute";
      sock.fire("open", {});
    }
  }
  /** The server says something on `sock`. */
  push(sock, message) {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    this.later(sock, () => { if (sock.readyState === 1 && !sock.mute) { sock.fire("message", { data: text }); } });
  }
  beat(sock) {
    this.later(sock, () => { if (sock.readyState === 1) { sock.fire("heartbeat", {}); } });
  }
  end(sock, code, reason) {
    if (sock.readyState < 2) {
      sock.readyState = 3;
      sock.fire("close", { code, reason });
      if (this.server) {
        this.server.gone(sock);
      }
    }
  }
  /** The pipe breaks, and with it all that is in it. */
  snap(sock) {
    this.end(sock, 1006, "broken");
    sock.dead = true;
  }
  /** The pipe is dead, and nobody was told. */
  rot(sock) {
    sock.dead = true;
  }
  get last() {
    return this.opened[this.opened.length - 1];
  }
  get live() {
    return this.opened.filter((sock) => sock.readyState < 2);
  }
  on(transport) {
    return this.live.filter((sock) => sock.transport === transport);
  }
}

/** Load our scripts into a page of their own. `more` replaces or adds (undefined: takes away) features of the window. */
function makePage(clock, { storage = new Storage(), more = {}, scripts = SCRIPTS } = {}) {
  const listeners = {};
  const events = {
    addEventListener: (name, fn) => { (listeners[name] = listeners[name] || []).push(fn); },
    removeEventListener: (name, fn) => { listeners[name] = (listeners[name] || []).filter((other) => other !== fn); }
  };
  const beacons = [];
  class XMLHttpRequest { constructor() { this.withCredentials = false; } }
  const window = Object.assign({
    location: { protocol: "http:", host: "chat.example", search: "" },
    navigator: { sendBeacon: (url, body) => beacons.push([url, body]) > 0 },
    document: { readyState: "complete", hidden: false, addEventListener: events.addEventListener,
      removeEventListener: events.removeEventListener },
    localStorage: storage, XMLHttpRequest,
    WebSocket: class {}, EventSource: class {}, postMessage: () => {}, onpagehide: null,
    setTimeout: clock.api.setTimeout, clearTimeout: clock.api.clearTimeout
  }, events, more);
  Object.keys(window).forEach((name) => { if (window[name] === undefined) { delete window[name]; } });
  const context = vm.createContext(window);
  scripts.forEach((name) => {
    vm.runInContext(fs.readFileSync(path.join(STATIC, name), "utf8"), context, { filename: name });
  });
  return {
    window, beacons, storage, listeners,
    TwistedChat: context.TwistedChat,
    dispatch: (name, event = {}) => (listeners[name] || []).slice().forEach((fn) => fn(event))
  };
}

/** What crosses from the page's realm, as plain data that assert can compare. */
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

module.exports = { Clock, Net, Storage, LATENCY_MS, STATIC, SCRIPTS, makePage, plain, randomFrom, scriptsOf };
