/**
 * What our pages need of the DOM, in one place: building nodes from text, events, links, names, times, and the page's
 * own URL. User text becomes text nodes only. ECMAScript 3 syntax; see shim.js for what is filled in.
 */
var twistedchatPage = {};

(function (page) {
  var HUES = 12;
  var LINK = /https?:\/\/[^\s<>"\u201c\u201d\u00ab\u00bb]+/gi;
  var ENDINGS = ".,;:!?'*_~";
  var OPENED = { ")": "(", "]": "[", "}": "{" };
  var KEYS = { 9: "Tab", 13: "Enter", 27: "Escape", 35: "End", 36: "Home", 37: "Left", 38: "Up", 39: "Right", 40: "Down" };
  var dom = page.dom = {};

  dom.byId = function (id) {
    return document.getElementById(id);
  };

  function listen(node, type, fn) {
    if (node.addEventListener) {
      node.addEventListener(type, fn, false);
    } else {
      node.attachEvent("on" + type, fn);
    }
  }

  /** Call `fn(event, target)` on each `type` event of `node`; returning false cancels what the browser would do. */
  dom.on = function (node, type, fn) {
    var add = (window.TwistedChat && window.TwistedChat.addEvent) || listen;
    add(node, type, function (given) {
      var event = given || window.event;
      if (fn(event, event.target || event.srcElement) === false) {
        dom.cancel(event);
      }
    });
  };

  /** Keep the browser from doing what it does on `event`. */
  dom.cancel = function (event) {
    if (event.preventDefault) {
      event.preventDefault();
    } else {
      event.returnValue = false;
    }
  };

  /** Return the name of the key in a keydown event, or "" for those that the page has no use for. */
  dom.key = function (event) {
    return KEYS[event.keyCode] || "";
  };

  /** Make an element: attributes by name ("class" too), then children: nodes, or strings that become text nodes. */
  dom.make = function (tag, attributes, children) {
    var node = document.createElement(tag);
    var name;
    for (name in attributes || {}) {
      if (Object.prototype.hasOwnProperty.call(attributes, name)) {
        dom.set(node, name, attributes[name]);
      }
    }
    (children || []).forEach(function (child) {
      node.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
    });
    return node;
  };

  /** Set an attribute, only if it differs; null removes it. */
  dom.set = function (node, name, value) {
    if (name === "class") {
      node.className = value;
    } else if (value === null) {
      node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(value)) {
      node.setAttribute(name, String(value));
    }
  };

  dom.empty = function (node) {
    while (node.firstChild) {
      node.removeChild(node.firstChild);
    }
  };

  /** Make `text` the only content of `node`; does nothing when it is that already. */
  dom.text = function (node, text) {
    var first = node.firstChild;
    if (first && first === node.lastChild && first.nodeType === 3) {
      if (first.data !== text) {
        first.data = text;
      }
      return;
    }
    dom.empty(node);
    if (text !== "") {
      node.appendChild(document.createTextNode(text));
    }
  };

  dom.hasClass = function (node, name) {
    return typeof node.className === "string" && (" " + node.className + " ").indexOf(" " + name + " ") >= 0;
  };

  /** Add or remove a class. */
  dom.mark = function (node, name, wanted) {
    if (dom.hasClass(node, name) === !!wanted) {
      return;
    }
    if (wanted) {
      node.className = (node.className + " " + name).trim();
    } else {
      node.className = (" " + node.className + " ").replace(" " + name + " ", " ").trim();
    }
  };

  dom.show = function (node, wanted) {
    dom.set(node, "hidden", wanted ? null : "");
  };

  dom.shown = function (node) {
    return node.getAttribute("hidden") === null;
  };

  /** Return `node`, or the nearest element above it, that has `attribute`; null when none below `top` has. */
  dom.above = function (node, attribute, top) {
    while (node && node !== top) {
      if (node.nodeType === 1 && node.getAttribute(attribute) !== null) {
        return node;
      }
      node = node.parentNode;
    }
    return null;
  };

  /** Focus a node if it can be; a hidden one throws in old browsers. */
  dom.focus = function (node) {
    try {
      node.focus();
    } catch (ignored) {
      return false;
    }
    return true;
  };

  /** Run `fn` before the next paint; later, once, when the page is not seen. */
  dom.beforePaint = function (fn) {
    if (window.requestAnimationFrame) {
      window.requestAnimationFrame(fn);
    } else {
      setTimeout(fn, 16);
    }
  };

  /** Return a function that runs `fn` once, `wait_ms` after the first of any number of calls. */
  dom.once = function (fn, wait_ms) {
    var due = false;
    return function () {
      if (!due) {
        due = true;
        setTimeout(function () {
          due = false;
          fn();
        }, wait_ms);
      }
    };
  };

  // --- text ---

  /** Return an address without what ends a sentence, and without brackets that were not opened in it. In one pass. */
  function trimLink(url) {
    var surplus = { "(": 0, "[": 0, "{": 0 };   // how many more were closed than opened
    var end = url.length;
    var sign;
    var i;
    for (i = 0; i < end; i++) {
      sign = url.charAt(i);
      if (OPENED[sign]) {
        surplus[OPENED[sign]] += 1;
      } else if (surplus[sign] !== undefined) {
        surplus[sign] -= 1;
      }
    }
    for (; end > 0; end--) {
      sign = url.charAt(end - 1);
      if (OPENED[sign] && surplus[OPENED[sign]] > 0) {
        surplus[OPENED[sign]] -= 1;
      } else if (ENDINGS.indexOf(sign) < 0) {
        break;
      }
    }
    return url.slice(0, end);
  }

  function link(url) {
    return dom.make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, [url]);
  }

  /** Append `text` to `node` as text nodes, with http and https addresses as links. */
  dom.linked = function (node, text) {
    var from = 0;
    var found;
    var url;
    LINK.lastIndex = 0;
    while ((found = LINK.exec(text))) {
      url = trimLink(found[0]);
      if (/^https?:\/\/[^\/?#]/i.test(url)) {
        node.appendChild(document.createTextNode(text.slice(from, found.index)));
        node.appendChild(link(url));
        from = found.index + url.length;
        LINK.lastIndex = from;
      }
    }
    node.appendChild(document.createTextNode(text.slice(from)));
    return node;
  };

  function firstLetter(word) {
    var code = word.charCodeAt(0);
    return code >= 0xd800 && code <= 0xdbff ? word.slice(0, 2) : word.slice(0, 1);
  }

  /** Return one or two letters that stand for a name. */
  dom.initials = function (name) {
    var words = name.split(/[\s\-_.]+/).filter(function (word) {
      return word !== "";
    });
    var last = words.length > 1 ? firstLetter(words[words.length - 1]) : "";
    return (firstLetter(words[0] || "?") + last).toUpperCase();
  };

  /** Return a person's avatar: initials on a colour that follows from the key. Decoration only. */
  dom.avatar = function (person) {
    return dom.make("span", { "class": "avatar " + dom.hue(person.key), "aria-hidden": "true" }, [dom.initials(person.name)]);
  };

  /** Return the colour class of a key. */
  dom.hue = function (key) {
    var sum = 0;
    var i;
    for (i = 0; i < key.length; i++) {
      sum = (sum * 31 + key.charCodeAt(i)) % 65521;
    }
    return "hue-" + (sum % HUES);
  };

  // --- time; `at` is in seconds since 1970 ---

  function formatter(options) {
    return window.Intl && window.Intl.DateTimeFormat ? new window.Intl.DateTimeFormat(undefined, options) : null;
  }

  var clockFormat = formatter({ hour: "2-digit", minute: "2-digit" });
  var fullFormat = formatter({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  var dayFormat = formatter({ weekday: "long", day: "numeric", month: "long" });

  function twoDigits(number) {
    return (number < 10 ? "0" : "") + number;
  }

  dom.clock = function (at) {
    var date = new Date(at * 1000);
    return clockFormat ? clockFormat.format(date) : twoDigits(date.getHours()) + ":" + twoDigits(date.getMinutes());
  };

  dom.fullTime = function (at) {
    var date = new Date(at * 1000);
    return fullFormat ? fullFormat.format(date) : date.toString();
  };

  /** Return a number that is the same for all times of one local day. */
  dom.day = function (at) {
    var date = new Date(at * 1000);
    return date.getFullYear() * 10000 + date.getMonth() * 100 + date.getDate();
  };

  dom.dayName = function (at) {
    var now = Date.now() / 1000;
    var date = new Date(at * 1000);
    if (dom.day(at) === dom.day(now)) {
      return "Today";
    }
    if (dom.day(at) === dom.day(now - 86400)) {
      return "Yesterday";
    }
    return dayFormat ? dayFormat.format(date) : date.toDateString();
  };

  // --- the page's surroundings ---

  /** The transport that a URL may ask for by its own name or its kind's; null for none, and for a name that is none. */
  dom.transport = function () {
    var known = { "streaming-iframe": "htmlfile", "long-poll": "xhr-polling" };
    var wanted = String(dom.parameters().transport || "").toLowerCase();
    wanted = Object.prototype.hasOwnProperty.call(known, wanted) ? known[wanted] : wanted;
    if (TwistedChat.TRANSPORTS.indexOf(wanted) >= 0) {
      return wanted;
    }
    if (wanted) {
      TwistedChat.log("no transport is called " + wanted + "; choosing one");
    }
    return null;
  };

  /** Return the parameters of the page's URL by name. */
  dom.parameters = function () {
    var found = {};
    location.search.slice(1).split("&").forEach(function (pair) {
      var at = pair.indexOf("=");
      var name = at < 0 ? pair : pair.slice(0, at);
      if (name) {
        found[decode(name)] = at < 0 ? "" : decode(pair.slice(at + 1));
      }
    });
    return found;
  };

  function decode(text) {
    try {
      return decodeURIComponent(text.replace(/\+/g, " "));
    } catch (ignored) {
      return text;
    }
  }

  /** Return the URL of `path` as seen from the page; what is absolute already stays as it is. */
  dom.absolute = function (path) {
    if (/^https?:/i.test(path)) {
      return path;
    }
    var origin = location.protocol + "//" + location.host;
    return origin + (path.charAt(0) === "/" ? "" : location.pathname.replace(/[^\/]*$/, "")) + path;
  };

  /** Return the names in a comma-separated data attribute of <body>, or null when there is none. */
  dom.names = function (attribute) {
    var names = (document.body.getAttribute(attribute) || "").split(",").map(function (name) {
      return name.trim();
    }).filter(function (name) {
      return name !== "";
    });
    return names.length ? names : null;
  };

  /** Read or, with a value, write a kept setting; null where the browser keeps nothing for us. */
  dom.kept = function (name, value) {
    try {
      if (value === undefined) {
        return window.localStorage.getItem(name);
      }
      window.localStorage.setItem(name, value);
    } catch (ignored) {
      return null;
    }
    return value;
  };

  // --- dark and light ---

  var AS_THE_SYSTEM = "(prefers-color-scheme: dark)";
  var MEDIA = { dark: "all", light: "not all" };

  /** Give dark.css the media of a theme: "dark", "light", or anything else for what the system prefers. */
  function applyTheme(theme) {
    dom.byId("dark").media = Object.prototype.hasOwnProperty.call(MEDIA, theme) ? MEDIA[theme] : AS_THE_SYSTEM;
  }

  function isDark() {
    var media = dom.byId("dark").media;
    return media === MEDIA.dark || (media !== MEDIA.light && !!window.matchMedia && window.matchMedia(AS_THE_SYSTEM).matches);
  }

  function applyKept() {
    applyTheme(dom.kept("twistedchat.theme"));
  }

  /** Follow the kept choice between dark and light, here and in other tabs, and let `button` change it. */
  dom.theme = function (button) {
    applyKept();
    dom.on(window, "storage", applyKept);
    dom.on(button, "click", function () {
      var theme = isDark() ? "light" : "dark";
      dom.kept("twistedchat.theme", theme);
      applyTheme(theme);
    });
  };
})(twistedchatPage);
