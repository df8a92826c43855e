/* What old browsers lack. Load it first, before SockJS too. */
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
}(this));
