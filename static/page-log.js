/**
 * The message log: draws the lines (page-lines.js) of the room that is looked at. A new line costs one insertion;
 * scrolling to the end is done once before a paint.
 */
(function (page) {
  var GROUP_S = 300;
  var AT_END_PX = 40;
  var END = 10000000;
  var HOLES = {
    missing: "Some messages are missing here",
    forgotten: "The server has forgotten what was said here before",
    restarted: "The server was restarted and has forgotten what was said before"
  };
  var dom = page.dom;

  // --- how it is drawn ---

  function messageNode(line) {
    var message = line.message;
    var parts = {
      author: dom.make("span", { "class": "author", dir: "auto" }, [message.mine ? "You" : message.from.name]),
      text: dom.linked(dom.make("div", { "class": "text", dir: "auto" }), message.text),
      time: dom.make("span", { "class": "time" }),
      state: dom.make("div", { "class": "state" })
    };
    line.parts = parts;
    line.node = dom.make("div", { "class": "message", "data-id": message.id, "data-from": message.from.key }, [
      dom.avatar(message.from),
      dom.make("div", { "class": "body" }, [parts.author, parts.text, parts.time, parts.state])
    ]);
    dom.mark(line.node, "mine", message.mine);
    refresh(line);
    return line.node;
  }

  /** Bring a drawn message up to its state. */
  function refresh(line) {
    var message = line.message;
    var state = line.parts.state;
    dom.set(line.node, "data-state", message.state);
    dom.set(line.node, "data-offset", message.offset);
    dom.set(line.parts.time, "title", dom.fullTime(message.at));
    dom.text(line.parts.time, dom.clock(message.at));
    dom.empty(state);
    if (message.state === "failed") {
      state.appendChild(dom.make("span", {}, ["Not sent" + (message.error ? ": " + message.error : "") + " "]));
      state.appendChild(dom.make("button", { type: "button", "class": "retry", "data-retry": message.id }, ["Retry"]));
    }
  }

  function noticeNode(line) {
    line.node = dom.make("div", { "class": "notice", title: dom.clock(line.at) }, [line.text]);
    return line.node;
  }

  function holeNode(line) {
    line.node = dom.make("div", { "class": "hole" }, [HOLES[line.why]]);
    return line.node;
  }

  var DRAW = { message: messageNode, notice: noticeNode, hole: holeNode };

  /** Say how a line follows the one before it: same author again, first of a day. */
  function follow(line, before) {
    if (!line || line.kind !== "message" || !line.node) {
      return;
    }
    var last = before && before.kind === "message" ? before.message : null;
    var newDay = !last || dom.day(last.at) !== dom.day(line.message.at);
    var shownDay = newDay && (!before || last !== null);
    var again = !newDay && last.from.key === line.message.from.key && line.message.at - last.at < GROUP_S;
    dom.mark(line.node, "again", again);
    dom.set(line.node, "data-day", shownDay ? dom.dayName(line.message.at) : null);
  }

  /** Draws the lines of the room that is looked at into `log`; `newest` is the button that leads to the end. */
  function LogView(log, newest) {
    var self = this;
    this.log = log;
    this.newest = newest;
    this.lines = null;
    this.stuck = true;
    this.below = 0;
    this.scrollDue = false;
    dom.on(log, "scroll", function () {
      self.scrolled();
    });
    dom.on(window, "resize", function () {
      self.settle();
    });
    dom.on(newest, "click", function () {
      self.toEnd();
      dom.focus(log);
    });
    dom.on(log, "click", function (event, target) {
      var button = dom.above(target, "data-retry", log);
      if (button) {
        self.retry(button.getAttribute("data-retry"));
      }
    });
  }

  LogView.prototype.retry = function (id) {
    var failed = this.lines.room.messages.filter(function (message) {
      return message.id === id && message.state === "failed";
    });
    dom.focus(this.log);
    failed.forEach(this.lines.room.retry, this.lines.room);
  };

  /** Show a room's lines in place of the ones shown now; null: nothing. Not read aloud: it is not news. */
  LogView.prototype.show = function (lines) {
    var log = this.log;
    var all = document.createDocumentFragment();
    var before = null;
    this.hide();
    this.lines = lines;
    dom.set(log, "aria-live", "off");
    dom.empty(log);
    if (lines) {
      lines.view = this;
      lines.all.forEach(function (line) {
        all.appendChild(DRAW[line.kind](line));
        follow(line, before);
        before = line;
      });
      log.appendChild(all);
    }
    this.toEnd();
    setTimeout(function () {
      dom.set(log, "aria-live", "polite");
    }, 100);
  };

  LogView.prototype.hide = function () {
    if (this.lines) {
      this.lines.view = null;
      this.lines.all.forEach(function (line) {
        line.node = line.parts = null;
      });
    }
  };

  /** The line at `at` is new (`from` -1), or it changed and stood at `from` before. */
  LogView.prototype.placed = function (at, from) {
    var all = this.lines.all;
    var line = all[at];
    if (line.node) {
      refresh(line);
    } else {
      DRAW[line.kind](line);
    }
    if (at !== from) {
      this.log.insertBefore(line.node, at + 1 < all.length ? all[at + 1].node : null);
      follow(all[from], all[from - 1]);
    }
    follow(line, all[at - 1]);
    follow(all[at + 1], line);
    this.grown(line, from >= 0);
  };

  LogView.prototype.grown = function (line, known) {
    if (this.stuck || (line.kind === "message" && line.message.mine && !known)) {
      this.toEnd();
    } else if (!known && line.kind === "message") {
      this.below += 1;
      dom.text(this.newest, this.below === 1 ? "1 new message" : this.below + " new messages");
      dom.show(this.newest, true);
    }
  };

  /** These lines are not shown any more; they stood from index `at` on. */
  LogView.prototype.dropped = function (gone, at) {
    var log = this.log;
    gone.forEach(function (line) {
      if (line.node && line.node.parentNode === log) {
        log.removeChild(line.node);
      }
    });
    follow(this.lines.all[at], this.lines.all[at - 1] || null);
  };

  /** Scroll to the end before the next paint, and stay there as lines come. */
  LogView.prototype.toEnd = function () {
    this.stuck = true;
    this.below = 0;
    dom.show(this.newest, false);
    this.settle();
  };

  LogView.prototype.settle = function () {
    var self = this;
    if (this.scrollDue || !this.stuck) {
      return;
    }
    this.scrollDue = true;
    dom.beforePaint(function () {
      self.scrollDue = false;
      if (self.stuck) {
        self.log.scrollTop = END;
      }
    });
  };

  LogView.prototype.scrolled = function () {
    var log = this.log;
    if (this.scrollDue) {
      return;
    }
    this.stuck = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PX;
    if (this.stuck) {
      this.below = 0;
      dom.show(this.newest, false);
    }
  };

  /** Return what is drawn since the last hole: [{id, offset, from, text, state}], from the DOM and not from the model. */
  LogView.prototype.read = function () {
    var nodes = this.log.childNodes;
    var found = [];
    var i;
    for (i = 0; i < nodes.length; i++) {
      if (dom.hasClass(nodes[i], "hole")) {
        found = [];
      } else if (dom.hasClass(nodes[i], "message")) {
        found.push(readMessage(nodes[i]));
      }
    }
    return found;
  };

  function readMessage(node) {
    var parts = node.lastChild.childNodes;
    var offset = node.getAttribute("data-offset");
    return {
      id: node.getAttribute("data-id"), from: node.getAttribute("data-from"), state: node.getAttribute("data-state"),
      offset: offset === null ? null : Number(offset), text: parts[1].textContent || parts[1].innerText || ""
    };
  }

  page.LogView = LogView;
})(twistedchatPage);
