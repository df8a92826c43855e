/**
 * The message log: shows the lines (page-lines.js) of the room that is looked at. A new line costs one insertion;
 * scrolling to the end is done once before a paint, and what is read stays where it is when lines come or go above it.
 */
(function (page) {
  var AT_END_PX = 40;
  var NEAR_TOP_PX = 200;
  var END = 10000000;
  var dom = page.dom;
  var draw = page.draw;

  /**
   * Draws the lines of the room that is looked at into `log`; `newest` is the button that leads to the end. `owner`:
   * {earlier(room), menu(message, button, room)}.
   */
  function LogView(log, newest, owner) {
    var self = this;
    this.log = log;
    this.newest = newest;
    this.owner = owner;
    this.lines = null;
    this.stuck = true;
    this.below = 0;
    this.scrollDue = false;
    this.stop = null;           // the message button that Tab reaches: one, of many
    this.earlier = dom.make("button", { type: "button", "class": "earlier" }, ["Earlier messages"]);
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
      self.pressed(target);
    });
    dom.on(log, "keydown", function (event, target) {
      return self.keyed(event, target);
    });
  }

  LogView.prototype.pressed = function (target) {
    var log = this.log;
    var retry = dom.above(target, "data-retry", log);
    var discard = dom.above(target, "data-discard", log);
    var more = dom.above(target, "aria-haspopup", log);
    if (retry) {
      this.failed(retry.getAttribute("data-retry"), this.lines.room.retry);
    } else if (discard) {
      this.failed(discard.getAttribute("data-discard"), this.lines.room.remove);
    } else if (more) {
      this.rove(more);
      this.openMenu(more);
    } else if (target === this.earlier || dom.above(target, "data-fill", log)) {
      this.owner.earlier(this.lines.room);
    }
  };

  LogView.prototype.failed = function (id, act) {
    var failed = this.lines.room.messages.filter(function (message) {
      return message.id === id && message.state === "failed";
    });
    dom.focus(this.log);
    failed.forEach(act, this.lines.room);
  };

  LogView.prototype.openMenu = function (button) {
    this.lines.all.forEach(function (line) {
      if (line.parts && line.parts.more === button) {
        this.owner.menu(line.message, button, this.lines.room);
      }
    }, this);
  };

  // --- one tab stop for the buttons of all messages; the arrows move between them ---

  LogView.prototype.rove = function (button) {
    if (this.stop) {
      dom.set(this.stop, "tabindex", "-1");
    }
    this.stop = button;
    if (button) {
      dom.set(button, "tabindex", "0");
    }
  };

  /** Return the buttons that can be reached. */
  LogView.prototype.buttons = function () {
    return this.lines.all.filter(function (line) {
      return line.parts && line.parts.more && dom.shown(line.parts.more);
    }).map(function (line) {
      return line.parts.more;
    });
  };

  LogView.prototype.keyed = function (event, target) {
    var key = dom.key(event);
    var buttons = this.lines && dom.hasClass(target, "more-button") ? this.buttons() : [];
    var at = buttons.indexOf(target);
    var to = { Up: at - 1, Down: at + 1, Home: 0, End: buttons.length - 1 }[key];
    if (at < 0 || to === undefined) {
      return true;
    }
    to = Math.min(buttons.length - 1, Math.max(0, to));
    this.rove(buttons[to]);
    dom.focus(buttons[to]);
    return false;
  };

  /** Tab leads to the newest message, unless one was gone to. */
  LogView.prototype.reachNewest = function (line) {
    var newest = line.parts && line.parts.more;
    if (newest && dom.shown(newest) && (!this.stop || this.stop !== document.activeElement)) {
      this.rove(newest);
    }
  };

  // --- what is shown ---

  /** Show a room's lines in place of the ones shown now; null: nothing. */
  LogView.prototype.show = function (lines) {
    var self = this;
    this.quietly(function () {
      self.hide();
      self.lines = lines;
      self.stop = null;
      dom.empty(self.log);
      if (lines) {
        lines.view = self;
        self.insert(0, lines.all.length);
      }
    });
    this.offerEarlier();
    this.toEnd();
  };

  /** Do what changes the log and is not news: it is not read aloud. */
  LogView.prototype.quietly = function (change) {
    var log = this.log;
    dom.set(log, "aria-live", "off");
    change();
    setTimeout(function () {
      dom.set(log, "aria-live", "polite");
    }, 100);
  };

  /** Draw the lines from `from` on, up to `to`, which are not drawn yet. */
  LogView.prototype.insert = function (from, to) {
    var all = this.lines.all;
    var drawn = document.createDocumentFragment();
    var i;
    for (i = from; i < to; i++) {
      drawn.appendChild(draw.build(all[i]));
      draw.follow(all[i], all[i - 1] || null);
      this.reachNewest(all[i]);
    }
    this.log.insertBefore(drawn, to < all.length ? all[to].node : null);
    draw.follow(all[to], all[to - 1]);
  };

  LogView.prototype.hide = function () {
    if (this.lines) {
      this.lines.view = null;
      this.lines.all.forEach(function (line) {
        line.node = line.parts = null;
      });
    }
  };

  /** Lines came above others, at `from` up to `to`. */
  LogView.prototype.cameAbove = function (from, to) {
    var self = this;
    var stop = this.stop;
    this.quietly(function () {
      self.keepPlace(function () {
        self.insert(from, to);
        self.offerEarlier();
      });
    });
    this.rove(stop || this.stop);
  };

  /** Show the button for earlier messages where there are some. */
  LogView.prototype.offerEarlier = function () {
    var button = this.earlier;
    var wanted = this.lines !== null && this.lines.room.hasEarlier();
    if (wanted && this.log.firstChild !== button) {
      this.log.insertBefore(button, this.log.firstChild);
    } else if (!wanted && button.parentNode === this.log) {
      if (button === document.activeElement) {
        dom.focus(this.log);
      }
      this.log.removeChild(button);
    }
  };

  /** The line at `at` is new (`from` -1), or it changed and stood at `from` before. */
  LogView.prototype.placed = function (at, from) {
    var all = this.lines.all;
    var line = all[at];
    var moved = at !== from;
    if (line.node && draw.outgrown(line)) {
      this.log.removeChild(line.node);
      line.node = line.parts = null;
      moved = true;
    }
    if (line.node) {
      draw.refresh(line);
    } else {
      draw.build(line);
    }
    if (from >= 0 && moved) {
      dom.set(line.node, "aria-live", "off");          // it was read aloud already
    }
    if (moved) {
      this.log.insertBefore(line.node, at + 1 < all.length ? all[at + 1].node : null);
      draw.follow(all[from], all[from - 1]);
    }
    draw.follow(line, all[at - 1]);
    draw.follow(all[at + 1], line);
    if (at === all.length - 1) {
      this.reachNewest(line);
    }
    this.grown(line, from >= 0);
  };

  LogView.prototype.grown = function (line, known) {
    var mine = line.kind === "answer" || (line.kind === "message" && line.message.mine);
    if (this.stuck || (mine && !known)) {
      this.toEnd();
    } else if (!known && line.kind === "message" && draw.isSaid(line.message)) {
      this.below += 1;
      dom.text(this.newest, this.below === 1 ? "1 new message" : this.below + " new messages");
      dom.show(this.newest, true);
    }
  };

  /** These lines are not shown any more; they stood from index `at` on. */
  LogView.prototype.dropped = function (gone, at) {
    var log = this.log;
    var self = this;
    this.keepPlace(function () {
      gone.forEach(function (line) {
        if (line.parts && line.parts.more === self.stop) {
          self.stop = null;
        }
        if (line.node && line.node.parentNode === log) {
          log.removeChild(line.node);
        }
      });
    });
    draw.follow(this.lines.all[at], this.lines.all[at - 1] || null);
  };

  // --- where it is scrolled to ---

  /** Do `change` and leave the first line that is seen where it is; at the end, stay at the end. */
  LogView.prototype.keepPlace = function (change) {
    var seen = this.stuck ? null : this.firstSeen();
    var was = seen && seen.getBoundingClientRect().top;
    change();
    if (seen && seen.parentNode === this.log) {
      this.log.scrollTop += seen.getBoundingClientRect().top - was;
    }
    this.settle();
  };

  LogView.prototype.firstSeen = function () {
    var top = this.log.getBoundingClientRect().top;
    var all = this.lines ? this.lines.all : [];
    var i = 0;
    while (i < all.length && !(all[i].node && all[i].node.getBoundingClientRect().bottom > top)) {
      i++;
    }
    return i < all.length ? all[i].node : null;
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
    } else if (log.scrollTop < NEAR_TOP_PX && this.lines) {
      this.owner.earlier(this.lines.room);
    }
  };

  /** Return what is drawn since the last hole, of what was said, as page-draw.js reads it. */
  LogView.prototype.read = function () {
    var nodes = this.log.childNodes;
    var found = [];
    var i;
    for (i = 0; i < nodes.length; i++) {
      if (dom.hasClass(nodes[i], "hole")) {
        found = [];
      } else if (dom.hasClass(nodes[i], "message")) {
        found.push(draw.read(nodes[i]));
      }
    }
    return found;
  };

  page.LogView = LogView;
})(twistedchatPage);
