/**
 * The message log: `Lines` holds what a room shows (messages, notices, holes; at most 1000), `LogView` draws the one
 * that is looked at. A new line costs one insertion; scrolling to the end is done once before a paint.
 */
(function (page) {
  var MOST_LINES = 1000;
  var GROUP_S = 300;
  var AT_END_PX = 40;
  var END = 10000000;
  var dom = page.dom;

  // --- what a room shows ---

  /** The lines of one room. `view` is the LogView that shows them, or null. */
  function Lines(room) {
    this.room = room;
    this.all = [];
    this.view = null;
    this.hole = false;
    this.unread = 0;
    this.draft = "";
  }

  /** A message came, or one of ours changed: put it where the room's list has it. */
  Lines.prototype.place = function (message) {
    var from = this.find(message.id);
    var to;
    var line = from < 0 ? { kind: "message", message: message, node: null } : this.all[from];
    line.message = message;
    if (from >= 0) {
      this.all.splice(from, 1);
    }
    to = this.placeOf(message, from);
    this.all.splice(to, 0, line);
    if (this.view) {
      this.view.placed(to, from);
    }
    this.trim();
    return from < 0;
  };

  /** Return the index at which `message` belongs: before the line of the message that follows it in the room. */
  Lines.prototype.placeOf = function (message, from) {
    var messages = this.room.messages;
    var at = messages.length - 1;
    var next;
    while (at >= 0 && messages[at].id !== message.id) {
      at--;
    }
    next = at >= 0 && at + 1 < messages.length ? this.find(messages[at + 1].id) : -1;
    if (next >= 0) {
      return from >= 0 && this.onlyNotices(from, next) ? from : next;
    }
    return from >= 0 && this.onlyNotices(from, this.all.length) ? from : this.all.length;
  };

  /** True when no message stands between two places: then a line need not move. */
  Lines.prototype.onlyNotices = function (from, to) {
    while (from < to && this.all[from].kind !== "message") {
      from++;
    }
    return from === to;
  };

  Lines.prototype.find = function (id) {
    var at = this.all.length - 1;
    while (at >= 0 && !(this.all[at].kind === "message" && this.all[at].message.id === id)) {
      at--;
    }
    return at;
  };

  /** Add a line of the page's own: who came and left. */
  Lines.prototype.notice = function (text) {
    this.add({ kind: "notice", text: text, at: Date.now() / 1000, node: null });
  };

  /** What follows next is not what followed last: say so here, or before the history that comes in this turn. */
  Lines.prototype.missing = function () {
    var self = this;
    this.hole = true;
    setTimeout(function () {
      self.hole = false;
    }, 0);
    this.add({ kind: "hole", node: null });
  };

  Lines.prototype.add = function (line) {
    this.all.push(line);
    if (this.view) {
      this.view.placed(this.all.length - 1, -1);
    }
    this.trim();
  };

  /** Start again with the room's list of messages. */
  Lines.prototype.replace = function () {
    this.all = this.room.messages.slice(-MOST_LINES).map(function (message) {
      return { kind: "message", message: message, node: null };
    });
    if (this.hole) {
      this.all.unshift({ kind: "hole", node: null });
    }
    this.hole = false;
    if (this.view) {
      this.view.show(this);
    }
  };

  Lines.prototype.trim = function () {
    var gone = this.all.length > MOST_LINES ? this.all.splice(0, this.all.length - MOST_LINES) : [];
    if (this.view && gone.length) {
      this.view.dropped(gone);
    }
  };

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
    line.node = dom.make("div", { "class": "hole" }, ["Some messages are missing here"]);
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
    var at = this.lines.find(id);
    if (at >= 0) {
      dom.focus(this.log);
      this.lines.room.retry(this.lines.all[at].message);
    }
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

  LogView.prototype.dropped = function (gone) {
    var log = this.log;
    gone.forEach(function (line) {
      if (line.node && line.node.parentNode === log) {
        log.removeChild(line.node);
      }
    });
    follow(this.lines.all[0], null);
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

  /** Return what is drawn: [{id, offset, from, text, state}], from the DOM and not from the model. */
  LogView.prototype.read = function () {
    var nodes = this.log.childNodes;
    var found = [];
    var i;
    for (i = 0; i < nodes.length; i++) {
      if (dom.hasClass(nodes[i], "message")) {
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

  page.Lines = Lines;
  page.LogView = LogView;
})(twistedchatPage);
