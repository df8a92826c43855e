/**
 * What one room shows, in its order: messages, notices of the page's own, and holes where messages are missing; at most
 * 1000. What was shown stays above a hole, since it was said; the room's own list begins anew below it.
 */
(function (page) {
  var MOST_LINES = 1000;

  /** The lines of one room. `view` is the LogView that shows them, or null. */
  function Lines(room) {
    this.room = room;
    this.all = [];
    this.view = null;
    this.hole = null;           // why messages are missing before the history that comes next
    this.unread = 0;
    this.draft = "";
  }

  /** A message came, or one of ours changed: put it where the room's list has it. Returns whether it is new. */
  Lines.prototype.place = function (message) {
    var from = this.find(message);
    var to;
    var line = from < 0 ? { kind: "message", message: message, node: null } : this.all[from];
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

  Lines.prototype.add = function (line) {
    this.all.push(line);
    if (this.view) {
      this.view.placed(this.all.length - 1, -1);
    }
    this.trim();
  };

  /** The history that comes next does not follow on what is shown; `why` as the room tells it. */
  Lines.prototype.missing = function (why) {
    this.hole = why;
  };

  /** Start again with the room's list of messages; after a hole below what was shown, else in its place. */
  Lines.prototype.replace = function () {
    var before = this.hole ? this.kept() : [];
    this.all = before.concat(this.room.messages.map(function (message) {
      return { kind: "message", message: message, node: null };
    })).slice(-MOST_LINES);
    this.hole = null;
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

  Lines.prototype.trim = function () {
    this.drop(0, this.all.length - MOST_LINES);
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
