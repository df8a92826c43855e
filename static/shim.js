/* What old browsers lack, and the few helpers that every other script here uses. Load it first, before SockJS too. */
(function (root) {
  "use strict";

  /** Add `fn` as `target[name]` unless the browser brings its own. */
  function supply(target, name, fn) {
    if (!target[name]) {
      target[name] = fn;
    }
  }

  supply(Array, "isArray", function (value) {
    return Object.prototype.toString.call(value) === "[object Array]";
  });

  supply(Array.prototype, "indexOf", function (wanted, from) {
    var i = from || 0;
    for (i = i < 0 ? Math.max(0, this.length + i) : i; i < this.length; i += 1) {
      if (i in this && this[i] === wanted) {
        return i;
      }
    }
    return -1;
  });

  supply(Array.prototype, "forEach", function (fn, self) {
    for (var i = 0; i < this.length; i += 1) {
      if (i in this) {
        fn.call(self, this[i], i, this);
      }
    }
  });

  supply(Array.prototype, "map", function (fn, self) {
    var made = new Array(this.length);
    for (var i = 0; i < this.length; i += 1) {
      if (i in this) {
        made[i] = fn.call(self, this[i], i, this);
      }
    }
    return made;
  });

  supply(Array.prototype, "filter", function (fn, self) {
    var kept = [];
    for (var i = 0; i < this.length; i += 1) {
      if (i in this && fn.call(self, this[i], i, this)) {
        kept.push(this[i]);
      }
    }
    return kept;
  });

  supply(Function.prototype, "bind", function (self) {
    var fn = this;
    var bound = Array.prototype.slice.call(arguments, 1);
    return function () {
      return fn.apply(self, bound.concat(Array.prototype.slice.call(arguments)));
    };
  });

  supply(Date, "now", function () {
    return new Date().getTime();
  });

  supply(Object, "keys", function (object) {
    var names = [];
    for (var name in object) {
      if (Object.prototype.hasOwnProperty.call(object, name)) {
        names.push(name);
      }
    }
    return names;
  });

  supply(String.prototype, "trim", function () {
    return this.replace(/^[\s\uFEFF\xA0]+|[\s\uFEFF\xA0]+$/g, "");
  });

  // --- JSON (RFC 8259), for browsers from before 2009 --------------------------------------------------------------

  var ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  var UNESCAPES = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\", "/": "/" };

  function escapeOne(c) {
    return ESCAPES[c] || "\\u" + ("0000" + c.charCodeAt(0).toString(16)).slice(-4);
  }

  function quote(text) {
    return '"' + text.replace(/["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]/g, escapeOne) + '"';
  }

  function stringifyObject(object) {
    var parts = [];
    Object.keys(object).forEach(function (name) {
      var text = stringify(object[name]);
      if (text !== undefined) {
        parts.push(quote(name) + ":" + text);
      }
    });
    return "{" + parts.join(",") + "}";
  }

  function stringify(value) {
    if (value && typeof value.toJSON === "function") {
      value = value.toJSON();
    }
    if (value === null || (typeof value === "number" && !isFinite(value))) {
      return "null";
    }
    if (typeof value === "number" || typeof value === "boolean") {
      return String(value);
    }
    if (typeof value === "string") {
      return quote(value);
    }
    if (Array.isArray(value)) {
      return "[" + value.map(function (item) { return stringify(item) || "null"; }).join(",") + "]";
    }
    return typeof value === "object" ? stringifyObject(value) : undefined;
  }

  function JSONReader(text) {
    this.text = text;
    this.at = 0;
  }

  JSONReader.prototype.fail = function () {
    throw new Error("not JSON, at character " + this.at);
  };

  JSONReader.prototype.peek = function () {
    while (/[ \t\r\n]/.test(this.text.charAt(this.at))) {
      this.at += 1;
    }
    return this.text.charAt(this.at);
  };

  JSONReader.prototype.take = function (wanted) {
    if (this.text.substr(this.at, wanted.length) !== wanted) {
      this.fail();
    }
    this.at += wanted.length;
  };

  JSONReader.prototype.word = function (word, value) {
    this.take(word);
    return value;
  };

  JSONReader.prototype.number = function () {
    var found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+\-]?\d+)?/.exec(this.text.slice(this.at));
    if (!found) {
      this.fail();
    }
    this.at += found[0].length;
    return Number(found[0]);
  };

  JSONReader.prototype.escaped = function () {
    var c = this.text.charAt(this.at + 1);
    var hex = this.text.substr(this.at + 2, 4);
    if (c === "u" && /^[0-9a-fA-F]{4}$/.test(hex)) {
      this.at += 6;
      return String.fromCharCode(parseInt(hex, 16));
    }
    if (!UNESCAPES.hasOwnProperty(c)) {
      this.fail();
    }
    this.at += 2;
    return UNESCAPES[c];
  };

  JSONReader.prototype.string = function () {
    var parts = [];
    this.take('"');
    for (;;) {
      var plain = /^[^"\\\x00-\x1f]*/.exec(this.text.slice(this.at))[0];
      parts.push(plain);
      this.at += plain.length;
      if (this.text.charAt(this.at) !== "\\") {
        this.take('"');
        return parts.join("");
      }
      parts.push(this.escaped());
    }
  };

  /** Read `open item , item … close`, each item by `item()`. */
  JSONReader.prototype.items = function (open, close, item) {
    this.take(open);
    if (this.peek() === close) {
      return this.take(close);
    }
    for (;;) {
      item.call(this);
      if (this.peek() === close) {
        return this.take(close);
      }
      this.take(",");
    }
  };

  JSONReader.prototype.array = function () {
    var array = [];
    this.items("[", "]", function () { array.push(this.value()); });
    return array;
  };

  JSONReader.prototype.object = function () {
    var object = {};
    this.items("{", "}", function () {
      this.peek();
      var name = this.string();
      this.peek();
      this.take(":");
      object[name] = this.value();
    });
    return object;
  };

  JSONReader.prototype.value = function () {
    switch (this.peek()) {
    case "{": return this.object();
    case "[": return this.array();
    case '"': return this.string();
    case "t": return this.word("true", true);
    case "f": return this.word("false", false);
    case "n": return this.word("null", null);
    default: return this.number();
    }
  };

  function parse(text) {
    var reader = new JSONReader(String(text));
    var value = reader.value();
    if (reader.peek() !== "") {
      reader.fail();
    }
    return value;
  }

  supply(root, "JSON", { parse: parse, stringify: stringify });

  // --- the one global of ours, and its helpers ---------------------------------------------------------------------

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
