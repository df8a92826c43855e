/* What was said in one room, as far as it is had here: the log's lines as they read by now, then what is not sent yet. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;

  var KEPT = 1000;               // lines of a room
  var MOST = 5000;               // with the earlier ones that were asked for
  var LATE = 1000;               // changes remembered while earlier entries are under way

  var LINES = { message: true, action: true, notice: true, topic: true, order: true };

  function person(pair) {
    return { key: pair[0], name: pair[1] };
  }

  /** What an order says, see docs/protocol.md section 9. */
  function orderOf(body) {
    var order = { what: body.what, whom: person(body.whom), by: person(body.by) };
    ["reason", "until", "role", "kind"].forEach(function (name) {
      if (has(body, name)) {
        order[name] = body[name];
      }
    });
    return order;
  }

  /** `isYou(key)` says whether a key is ours; `dropped(line)` is told of the oldest lines, for which there is no room. */
  function Messages(isYou, dropped) {
    this.isYou = isYou;
    this.dropped = dropped;
    this.list = [];
    this.first = null;          // lowest offset of the entries had; null before any answer
    this.limit = KEPT;
    this.late = null;           // changes since earlier entries were asked for, null when none are
  }

  /** Return an entry of the log as a line; null for one that only changes another. */
  Messages.prototype.line = function (offset, id, event, at) {
    var kind = event[0];
    var body = event[1];
    var from;
    var line;
    if (!has(LINES, kind)) {
      return null;
    }
    from = person(kind === "order" ? body.by : body.from);
    line = {
      id: id, kind: kind, from: from, text: typeof body.text === "string" ? body.text : "", at: at, state: "sent",
      offset: offset, mine: this.isYou(from.key), edited: body.edited === true, deleted: body.deleted === true
    };
    if (kind === "order") {
      line.order = orderOf(body);
    }
    return line;
  };

  Messages.prototype.linesOf = function (entries) {
    return entries.map(function (entry) {
      return this.line(entry[0], entry[1], entry[2], entry[3]);
    }, this).filter(function (line) { return line !== null; });
  };

  /** The log's last entries take the place of what is had; what is not sent yet stays after them. `head`: the newest offset. */
  Messages.prototype.begin = function (entries, head) {
    var unsent = this.list.filter(function (message) { return message.offset === null; });
    this.list.splice(0, this.list.length);
    this.list.push.apply(this.list, this.linesOf(entries));
    this.first = entries.length ? entries[0][0] : head + 1;
    this.limit = KEPT;
    this.late = null;
    unsent.forEach(function (message) {
      var logged = this.find(message.id, message.from.key);
      if (logged === null) {
        this.list.push(message);
      } else {
        this.list[this.list.indexOf(logged)] = this.confirm(message, logged);
      }
    }, this);
  };

  /** A line of ours is in the log: it reads as it does there. */
  Messages.prototype.confirm = function (message, logged) {
    delete message.error;
    return TwistedChat.give(message, logged);
  };

  /** Whether no entries lie before those that are had. */
  Messages.prototype.beginning = function () {
    return this.first === 1;
  };

  /** Whether earlier entries can be asked for: some lie before, as far as is known, and there is room for them. */
  Messages.prototype.wantsEarlier = function () {
    return this.first !== null && this.first > 1 && this.list.length < MOST;
  };

  /** Earlier entries are asked for: changes of them may come before they do. */
  Messages.prototype.expect = function () {
    this.late = [];
  };

  /** Put entries before those that are had, none where the log begins; returns their lines, with what was changed since. */
  Messages.prototype.putEarlier = function (entries) {
    var first = this.first;
    var earlier = entries.filter(function (entry) { return entry[0] < first; });
    var lines = this.linesOf(earlier);
    var changes = this.late || [];
    lines.forEach(function (line) {
      changes.forEach(function (change) {
        if (change.offset === line.offset) {
          apply(line, change);
        }
      });
    });
    this.late = null;
    this.first = earlier.length ? earlier[0][0] : 1;
    this.list.splice.apply(this.list, [0, 0].concat(lines));
    this.limit = Math.min(MOST, Math.max(this.limit, this.list.length + KEPT / 2));
    return lines;
  };

  /** Return the line that the person of `key` sent with `id`: an id is its sender's, and others may copy it. */
  Messages.prototype.find = function (id, key) {
    for (var i = this.list.length - 1; i >= 0; i -= 1) {
      if (this.list[i].id === id && this.list[i].from.key === key) {
        return this.list[i];
      }
    }
    return null;
  };

  /** Return the line of the entry at `offset`, or null. */
  Messages.prototype.at = function (offset) {
    for (var i = this.list.length - 1; i >= 0; i -= 1) {
      if (this.list[i].offset === offset) {
        return this.list[i];
      }
    }
    return null;
  };

  function apply(line, change) {
    line.deleted = change.deleted;
    line.edited = !change.deleted;
    line.text = change.text;
  }

  /** An entry changes an older one: `change` is {offset, text, deleted}. Returns the line that changed, or null. */
  Messages.prototype.change = function (change) {
    var line = this.at(change.offset);
    if (this.late !== null && change.offset < this.first) {
      this.late.push(change);
    }
    if (this.late !== null && this.late.length > LATE) {
      this.late = null;
    }
    if (line !== null) {
      apply(line, change);
    }
    return line;
  };

  /** Put a line where the log has it: before what is not sent yet, after smaller offsets. */
  Messages.prototype.place = function (message) {
    var i = this.list.length;
    this.drop(message);
    i = this.list.length;
    while (i > 0 && isAfter(this.list[i - 1], message)) {
      i -= 1;
    }
    this.list.splice(i, 0, message);
    this.bound();
  };

  function isAfter(other, message) {
    return message.offset !== null && (other.offset === null || other.offset > message.offset);
  }

  /** Put a line of ours behind all others. */
  Messages.prototype.push = function (message) {
    this.drop(message);
    this.list.push(message);
    this.bound();
  };

  /** Returns whether the line was there. */
  Messages.prototype.drop = function (message) {
    var at = this.list.indexOf(message);
    if (at >= 0) {
      this.list.splice(at, 1);
    }
    return at >= 0;
  };

  /** Drop the oldest lines of the log; what is not sent yet has a bound of its own. */
  Messages.prototype.bound = function () {
    var gone;
    while (this.list.length > this.limit) {
      gone = this.list.shift();
      if (this.list[0].offset !== null) {
        this.first = this.list[0].offset;
      }
      this.dropped(gone);
    }
  };

  TwistedChat.person = person;
  TwistedChat.Messages = Messages;
}(this));
