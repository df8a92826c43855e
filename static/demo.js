/**
 * The demo and test bench: one room in panes, each the chat page on a transport of its own.
 *
 * <body data-transports> names what the operator allows; the page's parameters: transports=a,b,… which panes, room=NAME.
 * For tests: .pane[data-name][data-state][data-transport] with .cut and select.switch; #send-all #cut-all #check;
 * #result[data-same]; and window.twistedchatDemo: panes, sendAll(text), cutAll(), ready(), check() -> {same, lines, why}.
 */
(function (page) {
  var LOOK_MS = 200;
  var dom = page.dom;
  var byId = dom.byId;
  var asked = dom.parameters();
  var room = asked.room || "demo";
  var allowed = dom.names("data-transports") || page.transports;
  var visit = Math.floor(Math.random() * 1679616).toString(36);

  /** One chat page in a frame. */
  function Pane(name) {
    this.name = name;
    this.state = dom.make("span", { "class": "pane-state" }, ["Loading\u2026"]);
    this.frame = dom.make("iframe", { title: "Chat over " + page.transportLabel(name) });
    this.node = dom.make("div", { "class": "pane", "data-name": name, "data-state": "connecting", "data-transport": "" }, [
      this.head(), this.frame
    ]);
  }

  Pane.prototype.url = function () {
    return "chat?transport=" + this.name + "&room=" + encodeURIComponent(room) + "&name=" + this.name + "-" + visit + "&go=1";
  };

  Pane.prototype.start = function () {
    this.frame.src = this.url();
  };

  Pane.prototype.head = function () {
    var self = this;
    var cut = dom.make("button", { type: "button", "class": "cut" }, ["Cut"]);
    dom.on(cut, "click", function () {
      self.cut();
    });
    return dom.make("div", { "class": "pane-head" }, [
      dom.make("span", { "class": "pane-name" }, [page.transportLabel(this.name)]),
      dom.make("div", { "class": "pane-row" }, [this.state, cut, this.chooser()])
    ]);
  };

  Pane.prototype.chooser = function () {
    var self = this;
    var select = dom.make("select", { "class": "switch", "aria-label": "Switch " + page.transportLabel(this.name) + " to" }, [
      dom.make("option", { value: "" }, ["Switch to\u2026"]),
      dom.make("option", { value: "automatic" }, ["Automatic"])
    ]);
    allowed.forEach(function (name) {
      select.appendChild(dom.make("option", { value: name }, [page.transportLabel(name)]));
    });
    dom.on(select, "change", function () {
      self.use(select.value);
      select.selectedIndex = 0;
    });
    return select;
  };

  /** Return the pane's page once its scripts ran, else null. */
  Pane.prototype.inside = function () {
    var inner = this.frame.contentWindow && this.frame.contentWindow.twistedchatPage;
    return inner && inner.chat && inner.shown ? inner : null;
  };

  Pane.prototype.room = function () {
    var inner = this.inside();
    return inner ? inner.chat.room("room/" + room) : null;
  };

  Pane.prototype.cut = function () {
    if (this.inside()) {
      this.inside().chat.live.cut();
    }
  };

  Pane.prototype.use = function (name) {
    if (this.inside() && name) {
      this.inside().choose(name === "automatic" ? null : name);
    }
  };

  /** Show the pane's state; called often, changes the page only when something changed. */
  Pane.prototype.look = function () {
    var inner = this.inside();
    var status = inner ? inner.chat.live.status() : { state: "connecting", transport: null };
    var words = status.state === "open" ? openOn(status.transport, this.name) : status.state;
    dom.set(this.node, "data-state", status.state);
    dom.set(this.node, "data-transport", status.transport || "");
    dom.text(this.state, words.charAt(0).toUpperCase() + words.slice(1));
  };

  /** What to say of an open pane: the transport only where it is another than the title says. */
  function openOn(transport, title) {
    return transport === title ? "Open" : "Open, on " + page.transportLabel(transport);
  }

  var names = (asked.transports ? asked.transports.split(",") : allowed).filter(function (name) {
    return allowed.indexOf(name) >= 0;
  });
  var panes = names.map(function (name) {
    return new Pane(name);
  });

  /** Return whether every pane is open and in the room. */
  function ready() {
    return panes.filter(function (pane) {
      return pane.room() === null || !pane.room().joined || pane.inside().chat.live.status().state !== "open";
    }).length === 0;
  }

  function sendAll(text) {
    panes.forEach(function (pane) {
      if (pane.room()) {
        pane.room().say(text + " " + pane.name);
      }
    });
  }

  function cutAll() {
    panes.forEach(function (pane) {
      pane.cut();
    });
  }

  // --- the same lines in the same order ---

  function sent(line) {
    return line.state === "sent";
  }

  /** Return one text a line, of what every pane could have seen: from the latest first offset on. */
  function linesFrom(shown, offset) {
    return shown.filter(function (line) {
      return line.offset >= offset;
    }).map(function (line) {
      return [line.offset, line.id, line.from, line.text].join(" ");
    });
  }

  function firstDifference(lines, other) {
    var at = 0;
    while (at < lines.length && lines[at] === other[at]) {
      at++;
    }
    return at === lines.length && at === other.length ? -1 : at;
  }

  function outOfOrder(shown) {
    return shown.filter(function (line, at) {
      return at > 0 && line.offset !== shown[at - 1].offset + 1;
    }).length > 0;
  }

  /** Compare what all panes show. Returns {same, lines: of the first pane, why: text, "" when they are the same}. */
  function check() {
    var why = "";
    var shown = panes.map(function (pane) {
      var all = pane.inside() ? pane.inside().shown() : [];
      var done = all.filter(sent);
      why = why || (pane.inside() ? "" : pane.name + " is not loaded");
      why = why || (all.length > done.length ? pane.name + " has " + (all.length - done.length) + " lines not sent yet" : "");
      why = why || (outOfOrder(done) ? pane.name + " has a hole, a line twice or out of order" : "");
      return done;
    });
    var offset = Math.max.apply(null, shown.map(function (lines) {
      return lines.length ? lines[0].offset : 0;
    }));
    var compared = shown.map(function (lines) {
      return linesFrom(lines, offset);
    });
    compared.forEach(function (lines, i) {
      var at = firstDifference(compared[0], lines);
      why = why || (at < 0 ? "" : panes[i].name + " differs from " + panes[0].name + " at line " + (at + 1));
    });
    return { same: why === "", lines: compared[0] || [], why: why };
  }

  function showCheck() {
    var found = check();
    dom.set(byId("result"), "data-same", found.same);
    dom.text(byId("result"), found.same ? "All panes show the same " + found.lines.length + " lines." : "Not the same: " + found.why + ".");
  }

  dom.on(byId("controls"), "submit", function () {
    sendAll(byId("all-text").value.trim() || "Hello from");
    return false;
  });
  dom.on(byId("cut-all"), "click", cutAll);
  dom.on(byId("check"), "click", showCheck);
  dom.theme(byId("theme"));
  panes.forEach(function (pane) {
    byId("panes").appendChild(pane.node);
  });
  // A frame that streams, at any depth, keeps back the load event of every page around it: ours has to be over first.
  dom.on(window, "load", function () {
    panes.forEach(function (pane) {
      pane.start();
    });
  });
  setInterval(function () {
    panes.forEach(function (pane) {
      pane.look();
    });
  }, LOOK_MS);

  window.twistedchatDemo = { panes: panes, ready: ready, sendAll: sendAll, cutAll: cutAll, check: check };
})(twistedchatPage);
