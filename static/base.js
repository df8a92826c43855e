/* The one global of ours, and the few helpers that every other script here uses. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat || {};
  root.TwistedChat = TwistedChat;

  var LOG_LINES = 500;
  var started = Date.now();
  var toConsole = /[?&]debug=1(?:&|$)/.test((root.location && root.location.search) || "");

  /** Keep a line for whoever looks for the cause of something; never a message's text, a ticket or a secret. */
  function log(line) {
    line = ((Date.now() - started) / 1000).toFixed(3) + " " + line;
    log.lines.push(line);
    if (log.lines.length > LOG_LINES) {
      log.lines.shift();
    }
    if (toConsole && root.console && root.console.log) {
      root.console.log(line);
    }
    if (log.listener) {
      log.listener(line);
    }
  }
  log.lines = [];
  log.listener = null;
  TwistedChat.log = log;

  TwistedChat.has = function (object, name) {
    return Object.prototype.hasOwnProperty.call(object, name);
  };

  /** Copy what `from` itself has to `to`. */
  TwistedChat.give = function (to, from) {
    for (var name in from || {}) {
      if (TwistedChat.has(from, name)) {
        to[name] = from[name];
      }
    }
    return to;
  };

  /** Listen to a browser event; returns a function that stops it. */
  TwistedChat.listen = function (target, event, fn) {
    if (target && target.addEventListener) {
      target.addEventListener(event, fn, false);
      return function () { target.removeEventListener(event, fn, false); };
    }
    if (target && target.attachEvent) {
      target.attachEvent("on" + event, fn);
      return function () { target.detachEvent("on" + event, fn); };
    }
    return function () {};
  };

  var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  var poured = 0;

  function randomBytes(count, random) {
    var source = root.crypto || root.msCrypto;
    if (source && source.getRandomValues && root.Uint8Array) {
      return source.getRandomValues(new root.Uint8Array(count));
    }
    var bytes = [];
    for (var i = 0; i < count; i += 1) {
      poured += 1;
      bytes.push(Math.floor((random || Math.random)() * 256) ^ ((Date.now() >>> (i % 8)) + poured * 7));
    }
    return bytes;
  }

  /** Return `length` characters of A-Z a-z 0-9 - _, six random bits each. */
  TwistedChat.randomId = function (length, random) {
    var bytes = randomBytes(length, random);
    var id = "";
    for (var i = 0; i < length; i += 1) {
      id += ALPHABET.charAt(bytes[i] & 63);
    }
    return id;
  };

  /** The browser's clock; tests give another: milliseconds, as Date.now and setTimeout have them. */
  TwistedChat.clock = {
    now: function () { return Date.now(); },
    setTimeout: function (fn, ms) { return root.setTimeout(fn, ms); },
    clearTimeout: function (id) { root.clearTimeout(id); }
  };

  /** Give a class `on(event, fn)` and `emit(event, …)`. One failing listener never stops the others. */
  TwistedChat.eventful = function (Class) {
    Class.prototype.on = function (event, fn) {
      var listeners = this.listeners || (this.listeners = {});
      listeners[event] = (listeners[event] || []).concat([fn]);
      return this;
    };
    Class.prototype.emit = function (event) {
      var args = Array.prototype.slice.call(arguments, 1);
      ((this.listeners || {})[event] || []).forEach(function (fn) {
        TwistedChat.guard("a listener of " + event, fn, this, args);
      }, this);
    };
  };

  /** Call `fn`; log what it throws. */
  TwistedChat.guard = function (what, fn, self, args) {
    try {
      return fn.apply(self, args || []);
    } catch (error) {
      log("failed: " + what + ": " + ((error && (error.stack || error.message)) || error));
      return undefined;
    }
  };
}(this));
