/* One room or private chat as a page sees it: its lines, its people, its topic, and what is heard of its channel. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var person = TwistedChat.person;

  function byName(first, second) {
    var a = first.name.toLowerCase();
    var b = second.name.toLowerCase();
    return a < b || (a === b && first.key < second.key) ? -1 : 1;
  }

  function errorText(error) {
    return error.text || error.error || "It could not be sent.";
  }

  function Room(chat, channel, title) {
    this.chat = chat;
    this.channel = channel;
    this.title = title;
    this.kind = channel.indexOf("private/") === 0 ? "private" : "room";
    this.joined = false;
    this.reopened = false;      // asked to make it again: not twice in a row
    this.count = 0;
    this.people = [];
    this.log = new TwistedChat.Messages(function (key) { return chat.isYou(key); }, this.emit.bind(this, "gone"));
    this.messages = this.log.list;
    this.beginning = false;
    this.hole = false;
    this.topic = "";
    this.access = null;
    this.role = null;
    this.epoch = null;
    this.server = null;         // which process the epoch was told by
    this.earlier = null;        // what is asked for of the log before ours: one at a time
    this.typists = [];          // [{person, timer}]
    this.toldAt = null;         // when we last told that we type
    this.sending = null;        // the message whose answer is awaited: one at a time keeps their order
    this.timer = null;
    this.awaySince = null;      // when the store first did not take what we say, until it does
  }
  TwistedChat.eventful(Room);

  // What the channel tells (the live client's ChannelHandler) ---------------------------------------------------------

  /** The room as the live client's handler for its channel. */
  Room.prototype.handler = function () {
    var room = this;
    return {
      events: this.events(),
      hints: { typing: function (pair) { room.someoneTypes(pair); } },
      joined: function (result) { room.wasJoined(result); },
      history: function (entries, hole, epoch, head) { room.setHistory(entries, hole, epoch, head); },
      presence: function (change) { room.setPeople(change); },
      reset: function (reason) { room.wasReset(reason); },
      delayed: function (error) { room.chat.emit("problem", error); },
      refused: function (error) { room.wasRefused(error); }
    };
  };

  Room.prototype.events = function () {
    var room = this;
    function said(kind) {
      return function (body, meta) { room.arrived([kind, body], meta); };
    }
    return {
      message: said("message"), action: said("action"), notice: said("notice"),
      topic: function (body, meta) { room.setTopic(body, meta); },
      order: function (body, meta) { room.ordered(body, meta); },
      edited: function (body) { room.edited(body); },
      deleted: function (body) { room.changed({ offset: body.offset, text: "", deleted: true }); }
    };
  };

  Room.prototype.wasJoined = function (result) {
    var info = result.info || {};
    if (typeof info.title === "string") {
      this.title = info.title;
    }
    this.topic = typeof info.topic === "string" ? info.topic : "";
    this.access = info.access || null;
    this.role = info.role || null;
    this.joined = true;
    this.reopened = false;
    this.emit("joined");
    this.flush();
  };

  /** The log's last entries take the place of what is shown; what is not sent yet stays after them. */
  Room.prototype.setHistory = function (entries, hole, epoch, head) {
    var why = this.whyHole(epoch);
    this.epoch = epoch;
    this.server = this.chat.live.server;
    this.hole = hole;
    this.earlier = null;
    this.log.begin(entries, head);
    this.beginning = this.log.beginning();
    if (hole) {
      this.emit("hole", why);
    }
    this.emit("history", this.messages);
  };

  /** Another epoch: the log was begun anew, mostly because the server was. */
  Room.prototype.whyHole = function (epoch) {
    if (epoch === this.epoch) {
      return "missing";
    }
    return this.server === this.chat.live.server ? "forgotten" : "restarted";
  };

  /** An event of the log that is a line: a new one, or one of ours that has found its place. */
  Room.prototype.arrived = function (event, meta) {
    var line = this.log.line(meta.offset, meta.id, event, meta.at);
    var known = this.log.find(line.id, line.from.key);
    this.log.place(known === null ? line : this.log.confirm(known, line));
    this.beginning = this.log.beginning();
    this.emit(known === null ? "message" : "state", known || line);
    this.stoppedTyping(line.from.key);
    return known || line;
  };

  Room.prototype.edited = function (body) {
    if (typeof body.text === "string") {
      this.changed({ offset: body.offset, text: body.text, deleted: false });
    }
  };

  /** A line reads differently from now on; `message` is null when it is not had here. */
  Room.prototype.changed = function (change) {
    var message = this.log.change(change);
    if (message !== null) {
      this.emit("state", message);
    }
    this.emit("changed", change, message);
  };

  Room.prototype.setTopic = function (body, meta) {
    this.topic = String(body.text);
    this.arrived(["topic", body], meta);
    this.emit("topic", this.topic);
  };

  Room.prototype.ordered = function (body, meta) {
    if (body.what === "role" && this.chat.isYou(body.whom[0])) {
      this.role = body.role === "nobody" ? null : body.role;
    } else if (body.what === "kind") {
      this.access = body.kind;
    }
    this.emit("order", this.arrived(["order", body], meta).order);
  };

  // Earlier lines -----------------------------------------------------------------------------------------------------

  /** Whether there are earlier lines to ask for, as far as is known. */
  Room.prototype.hasEarlier = function () {
    return this.joined && !this.beginning && this.log.wantsEarlier();
  };

  /**
   * Put earlier lines before the first, `limit` entries of the log at once; the result is how many lines came, 0 also
   * while others are under way already.
   */
  Room.prototype.older = function (limit) {
    var deferred = new TwistedChat.Deferred();
    if (this.earlier !== null || !this.log.wantsEarlier()) {
      deferred.callback(0);
    } else {
      this.earlier = deferred;
      this.askEarlier(deferred, limit);
    }
    return deferred;
  };

  /** Entries that only change others give no line: then those before them are asked for. */
  Room.prototype.askEarlier = function (deferred, limit) {
    var room = this;
    this.log.expect();
    this.chat.ask("history", [this.channel, this.log.first, limit]).addCallback(function (entries) {
      if (room.earlier === deferred && room.log.late === null) {
        room.askEarlier(deferred, limit);
      } else if (room.earlier === deferred) {
        room.gotEarlier(deferred, limit, entries);
      } else {
        deferred.callback(0);
      }
    }).addErrback(function (error) {
      if (room.earlier === deferred) {
        room.earlier = room.log.late = null;
      }
      deferred.errback(error);
    });
  };

  Room.prototype.gotEarlier = function (deferred, limit, entries) {
    var lines = this.log.putEarlier(entries);
    this.beginning = this.log.beginning();
    if (lines.length === 0 && this.log.wantsEarlier()) {
      this.askEarlier(deferred, limit);
      return;
    }
    this.earlier = null;
    this.emit("older", lines);
    deferred.callback(lines.length);
  };

  // Who is here, and whether we are -----------------------------------------------------------------------------------

  Room.prototype.setPeople = function (change) {
    var came = (change.came || []).map(person);
    var went = (change.went || []).map(person);
    this.count = change.count;
    if (change.kind === "delta") {
      this.people = this.without((this.people || []), came.concat(went)).concat(came).sort(byName);
    } else {
      this.people = change.kind === "full" ? change.people.map(person).sort(byName) : null;
    }
    this.emit("people", { came: came, went: went });
  };

  Room.prototype.without = function (people, gone) {
    var keys = {};
    gone.forEach(function (one) { keys["$" + one.key] = true; });
    return people.filter(function (one) { return !has(keys, "$" + one.key); });
  };

  Room.prototype.wasReset = function (reason) {
    this.joined = false;
    if (reason === "removed") {
      this.chat.closeRoom(this, reason);
    }
  };

  Room.prototype.wasRefused = function (error) {
    this.joined = false;
    if (error.error === "NoSuchRoom" && this.kind === "room" && this.epoch !== null && !this.reopened) {
      this.reopen(error);
    } else {
      this.wasClosed(error);
    }
  };

  Room.prototype.wasClosed = function (error) {
    this.chat.closeRoom(this, errorText(error));
    this.chat.emit("problem", error);
  };

  /** We were in it, and a server that began anew does not know it: make it again, so that what is written is kept. */
  Room.prototype.reopen = function (error) {
    var room = this;
    this.reopened = true;
    this.chat.ask("openRoom", [this.title]).addCallback(function (channel) {
      if (channel === room.channel && room.chat.room(channel) === room) {
        room.chat.live.join(channel, room.handler());
      } else {
        room.wasClosed(error);
      }
    }).addErrback(function (failure) {
      room.reopened = false;
      if (failure.kind !== "unknown") {
        room.wasClosed(error);
      }
    });
  };

  Room.prototype.leave = function () {
    this.chat.closeRoom(this, "left");
  };

  TwistedChat.byName = byName;
  TwistedChat.errorText = errorText;
  TwistedChat.Room = Room;
}(this));
