/**
 * What one room shows, in its order: the room's own messages, and at most 500 other lines: notices and answers that only
 * this page has, holes where messages are missing, and above a hole what was shown before, since it was said.
 */
(function (page) {
  var MOST_OTHERS = 500;

  /** The lines of one room. `view` is the LogView that shows them, or null. */
  function Lines(room) {
    this.room = room;
    this.all = [];
    this.view = null;
    this.hole = null;           // why messages are missing before the history that comes next
    this.unread = 0;
    this.draft = "";
    this.typing = [];
  }

  /** A message came, or one of ours changed: put it where the room's list has it. Returns whether it is new. */
  Lines.prototype.place = function (message) {
    var from = this.find(message);
    var to;
    var line = from < 0 ? lineOf(message) : this.all[from];
    if (from >= 0) {
      this.all.splice(from, 1);
    } else {
      this.drop(this.findPast(message), 1);
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
    while (at >= 0 && messages[at] !== message) {
      at--;
    }
    next = at >= 0 && at + 1 < messages.length ? this.find(messages[at + 1]) : -1;
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

  /** Return the index of a message of the room's list, or -1. By the message itself: an id may be copied by others. */
  Lines.prototype.find = function (message) {
    var at = this.all.length - 1;
    while (at >= 0 && this.all[at].message !== message) {
      at--;
    }
    return at;
  };

  /** Return the index of the line above a hole that shows `message` already, or -1. */
  Lines.prototype.findPast = function (message) {
    var at = this.all.length - 1;
    while (at >= 0 && !(this.all[at].past && this.all[at].kind === "message" && isSame(this.all[at].message, message))) {
      at--;
    }
    return at;
  };

  function isSame(one, other) {
    return one.id === other.id && one.from.key === other.from.key;
  }

  /** Add a line of the page's own: who came and left. */
  Lines.prototype.notice = function (text) {
    this.add({ kind: "notice", text: text, at: Date.now() / 1000, node: null });
  };

  /** Add what a command told us alone. */
  Lines.prototype.answer = function (text) {
    this.add({ kind: "answer", text: text, node: null });
  };

  Lines.prototype.add = function (line) {
    this.all.push(line);
    if (this.view) {
      this.view.placed(this.all.length - 1, -1);
    }
    this.trim();
  };

  /** A message is not in the room's list any more. */
  Lines.prototype.gone = function (message) {
    this.drop(this.find(message), 1);
  };

  /** Earlier messages stand before all others of the room now; where they meet what stands above a hole, they fill it. */
  Lines.prototype.older = function (messages) {
    var lines = messages.map(lineOf);
    var at;
    this.refound(this.room.log.first).forEach(function (line) {
      this.drop(this.all.indexOf(line), 1);
    }, this);
    at = this.begins();
    this.all.splice.apply(this.all, [at, 0].concat(lines));
    if (this.view) {
      this.view.cameAbove(at, at + lines.length);
    }
  };

  function lineOf(message) {
    return { kind: "message", message: message, node: null };
  }

  /** Return the lines above that the room's list, which begins at offset `first`, has again, and the holes that it fills. */
  Lines.prototype.refound = function (first) {
    var i = this.begins() - 1;
    var found = [];
    var holes = [];
    for (; i >= 0 && ofThisLog(this.all[i]); i--) {
      if (this.all[i].kind === "hole") {
        holes.push(this.all[i]);
      } else if (this.all[i].kind === "message" && this.all[i].message.offset >= first - 1) {
        found = found.concat(holes, this.all[i].message.offset >= first ? [this.all[i]] : []);
        holes = [];
      } else if (this.all[i].kind === "message") {
        break;
      }
    }
    return found;
  };

  /** False for the hole above which another log was shown. */
  function ofThisLog(line) {
    return line.kind !== "hole" || line.why === "missing";
  }

  /** Return the index at which the room's own list begins. */
  Lines.prototype.begins = function () {
    var at = this.all.length;
    while (at > 0 && !this.all[at - 1].past) {
      at--;
    }
    return at;
  };

  /** What stands above a hole was changed: the room's list does not have it. */
  Lines.prototype.changedAbove = function (change) {
    var i = this.begins() - 1;
    while (i >= 0 && ofThisLog(this.all[i]) && !(this.all[i].message && this.all[i].message.offset === change.offset)) {
      i--;
    }
    if (i >= 0 && this.all[i].message && this.all[i].message.offset === change.offset) {
      this.all[i].message.text = change.text;
      this.all[i].message.deleted = change.deleted;
      this.all[i].message.edited = !change.deleted;
      if (this.view) {
        this.view.placed(i, i);
      }
    }
  };

  /** The history that comes next does not follow on what is shown; `why` as the room tells it. */
  Lines.prototype.missing = function (why) {
    this.hole = why;
  };

  /** Start again with the room's list of messages; after a hole below what was shown, else in its place. */
  Lines.prototype.replace = function () {
    var before = this.hole ? this.kept() : [];
    this.all = before.concat(this.room.messages.map(lineOf));
    this.hole = null;
    this.trim();
    if (this.view) {
      this.view.show(this);
    }
  };

  /** Return what stays of the shown lines, and the hole below them. */
  Lines.prototype.kept = function () {
    var kept = this.all.filter(this.stays, this);
    var last = kept[kept.length - 1];
    kept.forEach(function (line) {
      line.past = true;
      line.node = line.parts = null;
    });
    if (!last || last.kind !== "hole" || last.why !== this.hole) {
      kept.push({ kind: "hole", why: this.hole, past: true, node: null });
    }
    return kept;
  };

  /** Whether a shown line stays above the hole: not what the room's list has, nor what would stand there out of order. */
  Lines.prototype.stays = function (line) {
    var shown = line.message;
    var first = this.room.messages[0];
    if (line.kind !== "message") {
      return true;
    }
    if (!line.past && this.hole === "missing" && first && first.offset !== null && shown.offset >= first.offset) {
      return false;
    }
    return shown.state === "sent" && this.room.messages.filter(function (message) {
      return isSame(shown, message);
    }).length === 0;
  };

  /** The room bounds its own messages; of the other lines the oldest go. */
  Lines.prototype.trim = function () {
    var at = 0;
    var surplus = this.all.length - this.room.messages.length - MOST_OTHERS;
    while (surplus > 0 && at < this.all.length) {
      if (this.all[at].kind === "message" && !this.all[at].past) {
        at++;
      } else {
        this.drop(at, 1);
        surplus--;
      }
    }
  };

  /** Drop lines from index `at` on; nothing when it is -1. */
  Lines.prototype.drop = function (at, count) {
    var gone = at >= 0 && count > 0 ? this.all.splice(at, count) : [];
    if (this.view && gone.length) {
      this.view.dropped(gone, at);
    }
  };

  page.Lines = Lines;
})(twistedchatPage);
