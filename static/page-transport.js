/**
 * The pill that shows the transport and its state, and the menu behind it: Automatic, the three faces, the variants
 * under "More". It talks to its owner by `choose(name or null)` and `reconnect()`.
 */
(function (page) {
  var dom = page.dom;
  var LABELS = {
    websocket: "WebSocket",
    htmlfile: "Streaming iframe",
    "xhr-polling": "Long-poll",
    "xhr-streaming": "XHR streaming",
    eventsource: "EventSource",
    "iframe-eventsource": "EventSource, framed",
    "iframe-htmlfile": "Streaming iframe, framed",
    "iframe-xhr-polling": "Long-poll, framed",
    "jsonp-polling": "JSONP poll"
  };
  var FACES = ["websocket", "htmlfile", "xhr-polling"];
  var WORDS = { connecting: "Connecting\u2026", closed: "Disconnected" };

  /** All transports that the page knows, the faces first. */
  page.transports = FACES.concat(Object.keys(LABELS).filter(function (name) {
    return FACES.indexOf(name) < 0;
  }));

  /** What people call a transport. */
  page.transportLabel = function (name) {
    return LABELS[name] || name || "No transport";
  };

  /** `nodes`: {pill, menu, reconnect}; `allowed`: names or null for all; `chosen`: a name, or null for automatic. */
  function Transport(nodes, allowed, chosen, owner) {
    var self = this;
    this.nodes = nodes;
    this.owner = owner;
    this.chosen = chosen;
    this.now = { state: "connecting", transport: null };
    this.until = 0;
    this.timer = null;
    this.fill(allowed || page.transports);
    dom.on(nodes.pill, "click", function () {
      self.toggle(nodes.menu.getAttribute("hidden") !== null);
    });
    dom.on(nodes.pill, "keydown", function (event) {
      if (dom.key(event) === "Down" || dom.key(event) === "Up") {
        self.toggle(true);
        return false;
      }
      return true;
    });
    dom.on(nodes.reconnect, "click", function () {
      owner.reconnect();
    });
    dom.on(nodes.menu, "click", function (event, target) {
      self.pressed(dom.above(target, "role", nodes.menu));
    });
    dom.on(nodes.menu, "keydown", function (event) {
      return self.keyed(event);
    });
    dom.on(document, "click", function (event, target) {
      if (!within(target, nodes.menu) && !within(target, nodes.pill)) {
        self.toggle(false);
      }
    });
  }

  function within(node, outer) {
    while (node && node !== outer) {
      node = node.parentNode;
    }
    return node === outer;
  }

  function item(name, label, hint) {
    return dom.make("button", { type: "button", role: "menuitemradio", tabindex: "-1", "data-use": name }, [
      dom.make("span", { "class": "label" }, [label]),
      dom.make("span", { "class": "hint" }, [hint])
    ]);
  }

  Transport.prototype.fill = function (allowed) {
    var faces = FACES.filter(function (name) {
      return allowed.indexOf(name) >= 0;
    });
    var others = allowed.filter(function (name) {
      return FACES.indexOf(name) < 0;
    });
    var menu = this.nodes.menu;
    dom.empty(menu);
    menu.appendChild(item("", "Automatic", "the best that works"));
    faces.forEach(function (name) {
      menu.appendChild(item(name, LABELS[name], ""));
    });
    this.more = dom.make("div", { "class": "more", role: "group", "aria-label": "More transports", hidden: "" });
    if (others.length) {
      this.opener = dom.make("button", { type: "button", role: "menuitem", tabindex: "-1", "data-more": "", "aria-expanded": "false" }, ["More\u2026"]);
      menu.appendChild(this.opener);
      menu.appendChild(this.more);
    }
    others.forEach(function (name) {
      this.more.appendChild(item(name, page.transportLabel(name), ""));
    }, this);
  };

  /** Return the menu's buttons that can be reached now. */
  Transport.prototype.items = function () {
    var all = this.nodes.menu.getElementsByTagName("button");
    var seen = [];
    var i;
    for (i = 0; i < all.length; i++) {
      if (all[i].parentNode !== this.more || dom.shown(this.more)) {
        seen.push(all[i]);
      }
    }
    return seen;
  };

  Transport.prototype.expand = function () {
    dom.show(this.more, true);
    dom.set(this.opener, "aria-expanded", "true");
  };

  Transport.prototype.toggle = function (open) {
    var menu = this.nodes.menu;
    var was = dom.shown(menu);
    dom.show(menu, open);
    dom.set(this.nodes.pill, "aria-expanded", open);
    if (open) {
      if (this.chosen && FACES.indexOf(this.chosen) < 0 && this.opener) {
        this.expand();
      }
      this.check();
      dom.focus(this.items()[0]);
    } else if (was && within(document.activeElement, menu)) {
      dom.focus(this.nodes.pill);
    }
  };

  /** Close the menu; returns whether it was open. */
  Transport.prototype.close = function () {
    var was = dom.shown(this.nodes.menu);
    this.toggle(false);
    return was;
  };

  Transport.prototype.check = function () {
    var chosen = this.chosen || "";
    var current = this.now.state === "open" ? this.now.transport : null;
    this.items().forEach(function (button) {
      var name = button.getAttribute("data-use");
      if (name !== null) {
        dom.set(button, "aria-checked", name === chosen);
        if (name !== "") {
          dom.text(button.lastChild, name === current ? "in use" : "");
        }
      }
    });
  };

  Transport.prototype.pressed = function (button) {
    if (!button) {
      return;
    }
    if (button === this.opener) {
      this.expand();
      this.check();
      dom.focus(this.more.firstChild);
      return;
    }
    if (button.getAttribute("data-use") === null) {
      return;
    }
    this.toggle(false);
    this.choose(button.getAttribute("data-use") || null);
  };

  /** Stay on one transport from now on; null: let the client choose. */
  Transport.prototype.choose = function (name) {
    this.chosen = name;
    this.check();
    this.owner.choose(name);
  };

  Transport.prototype.keyed = function (event) {
    var key = dom.key(event);
    var items = this.items();
    var at = items.indexOf(document.activeElement);
    var to = { Down: (at + 1) % items.length, Up: (at + items.length - 1) % items.length, Home: 0, End: items.length - 1 }[key];
    if (key === "Tab") {
      this.toggle(false);
    }
    if (to === undefined) {
      return true;
    }
    dom.focus(items[to]);
    return false;
  };

  /** Show a status of the live client. */
  Transport.prototype.status = function (status) {
    var self = this;
    this.now = status;
    this.until = Date.now() + (status.retryIn || 0);
    dom.set(this.nodes.pill, "data-state", status.state);
    dom.set(this.nodes.pill, "data-transport", status.transport || "");
    dom.show(this.nodes.reconnect, status.state === "waiting");
    clearInterval(this.timer);
    if (status.state === "waiting") {
      this.timer = setInterval(function () {
        self.word();
      }, 500);
    }
    this.word();
    this.check();
  };

  Transport.prototype.word = function () {
    var now = this.now;
    var left_s = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    var words = now.state === "open" ? page.transportLabel(now.transport) : WORDS[now.state] || "Retry in " + left_s + " s";
    dom.text(this.nodes.pill.lastChild, words);
    dom.set(this.nodes.pill, "title", (now.reason || page.transportLabel(now.transport)) + ": change transport");
  };

  page.Transport = Transport;
})(twistedchatPage);
