/* One room or private chat as a page sees it: its lines, its people, and what becomes of each message of ours. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;

  var MESSAGES_KEPT = 1000;      // in a room
  var PENDING = 200;             // in a room; more are refused at once
  var ID_CHARS = 24;             // 144 random bits

  function person(pair) {
    return { key: pair[0], name: pair[1] };
  }

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
    this.messages = [];
    this.hole = false;
    this.epoch = null;
    this.server = null;         // which process the epoch was told by
    this.sending = null;        // the message whose answer is awaited: one at a time keeps their order
    this.timer = null;
    this.events = { message: this.arrived.bind(this) };
  }
  TwistedChat.eventful(Room);

  // What the channel tells (the live client's ChannelHandler) ---------------------------------------------------------

  /** The room as the live client's handler for its channel. */
  Room.prototype.handler = function () {
    var room = this;
    return {
      events: this.events,
      joined: function (result) { room.wasJoined(result); },
      history: function (entries, hole, epoch) { room.setHistory(entries, hole, epoch); },
      presence: function (change) { room.setPeople(change); },
      reset: function (reason) { room.wasReset(reason); },
      refused: function (error) { room.wasRefused(error); }
    };
  };

  Room.prototype.wasJoined = function (result) {
    if (result.info && typeof result.info.title === "string") {
      this.title = result.info.title;
    }
    this.joined = true;
    this.reopened = false;
    this.emit("joined");
    this.flush();
  };

  /** The log's last entries take the place of what is shown; what is not sent yet stays after them. */
  Room.prototype.setHistory = function (entries, hole, epoch) {
    var unsent = this.messages.filter(function (message) { return message.offset === null; });
    var why = this.whyHole(epoch);
    this.messages = [];
    this.epoch = epoch;
    this.server = this.chat.live.server;
    this.hole = hole;
    entries.forEach(function (entry) {
      if (entry[2][0] === "message") {
        this.messages.push(this.entry(entry[0], entry[1], entry[2][1], entry[3]));
      }
    }, this);
    unsent.forEach(function (message) {
      var logged = this.find(message.id, message.from.key);
      if (logged === null) {
        this.messages.push(message);
      } else {
        this.messages[this.messages.indexOf(logged)] = this.confirm(message, logged.offset, logged.at);
      }
    }, this);
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

  Room.prototype.entry = function (offset, id, body, at) {
    var from = person(body.from);
    return {
      id: id, from: from, text: String(body.text), at: at, state: "sent", offset: offset,
      mine: this.chat.you !== null && this.chat.you.key === from.key
    };
  };

  Room.prototype.confirm = function (message, offset, at) {
    message.state = "sent";
    message.offset = offset;
    message.at = at;
    delete message.error;
    return message;
  };

  /** Return the line that the person of `key` sent with `id`: an id is its sender's, and others may copy it. */
  Room.prototype.find = function (id, key) {
    for (var i = this.messages.length - 1; i >= 0; i -= 1) {
      if (this.messages[i].id === id && this.messages[i].from.key === key) {
        return this.messages[i];
      }
    }
    return null;
  };

  /** An event of the log: a new line, or one of ours that has found its place. */
  Room.prototype.arrived = function (body, meta) {
    var known = this.find(meta.id, person(body.from).key);
    if (known === null) {
      known = this.entry(meta.offset, meta.id, body, meta.at);
      this.place(known);
      this.emit("message", known);
      return;
    }
    this.confirm(known, meta.offset, meta.at);
    this.messages.splice(this.messages.indexOf(known), 1);
    this.place(known);
    this.emit("state", known);
  };

  /** Put a message where the log has it: before what is not sent yet, after smaller offsets. */
  Room.prototype.place = function (message) {
    var i = this.messages.length;
    while (i > 0 && this.isAfter(this.messages[i - 1], message)) {
      i -= 1;
    }
    this.messages.splice(i, 0, message);
    this.bound();
  };

  Room.prototype.isAfter = function (other, message) {
    return message.offset !== null && (other.offset === null || other.offset > message.offset);
  };

  /** Drop the oldest lines of the log; what is not sent yet has a bound of its own. */
  Room.prototype.bound = function () {
    while (this.messages.length > MESSAGES_KEPT) {
      this.messages.shift();
    }
  };

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

  // Sending -----------------------------------------------------------------------------------------------------------

  Room.prototype.unsent = function () {
    return this.messages.filter(function (message) { return message.state === "pending" && message.offset === null; });
  };

  Room.prototype.say = function (text) {
    var message = {
      id: TwistedChat.randomId(ID_CHARS, this.chat.options.random), from: this.chat.you || { key: "", name: "" },
      text: text, at: this.chat.clock.now() / 1000, state: "pending", offset: null, mine: true
    };
    if (this.unsent().length >= PENDING) {
      message.state = "failed";
      message.error = "Too many messages are waiting to be sent.";
    }
    this.messages.push(message);
    this.bound();
    this.emit("message", message);
    this.flush();
    return message;
  };

  /** Send a failed message again, under the same id: if it did arrive, nothing is doubled. */
  Room.prototype.retry = function (message) {
    if (message.state !== "failed" || this.messages.indexOf(message) < 0) {
      return;
    }
    message.state = "pending";
    delete message.error;
    this.messages.splice(this.messages.indexOf(message), 1);
    this.messages.push(message);
    this.emit("state", message);
    this.flush();
  };

  /** Send the next message, when we are in the room and nothing is under way. */
  Room.prototype.flush = function () {
    var next = this.unsent()[0];
    if (next && this.joined && this.sending === null && this.timer === null && this.chat.chatter !== null) {
      this.send(next, 1);
    }
  };

  Room.prototype.send = function (message, attempt) {
    var room = this;
    this.sending = message;
    this.chat.chatter.callRemote("say", this.channel, message.id, message.text).addCallback(function (offset) {
      room.sending = null;
      room.wasSent(message, offset);
      room.flush();
    }).addErrback(function (error) {
      room.sending = null;
      room.notSent(message, attempt, error);
    });
  };

  Room.prototype.wasSent = function (message, offset) {
    if (message.state === "pending" && this.messages.indexOf(message) >= 0) {
      this.confirm(message, offset, message.at);
      this.messages.splice(this.messages.indexOf(message), 1);
      this.place(message);
      this.emit("state", message);
    }
  };

  /** Unknown: it stays pending and goes out again, same id, once we are back in the room. */
  Room.prototype.notSent = function (message, attempt, error) {
    var seconds = TwistedChat.retryAfter(error, attempt);
    if (error.kind === "unknown" || message.state !== "pending") {
      this.flush();
    } else if (seconds !== null) {
      this.sendLater(message, attempt + 1, seconds);
    } else {
      message.state = "failed";
      message.error = errorText(error);
      this.emit("state", message);
      this.flush();
    }
  };

  Room.prototype.sendLater = function (message, attempt, seconds) {
    var room = this;
    this.timer = this.chat.clock.setTimeout(function () {
      room.timer = null;
      if (room.joined && room.chat.chatter !== null && message.state === "pending") {
        room.send(message, attempt);
      } else {
        room.flush();
      }
    }, seconds * 1000);
  };

  Room.prototype.leave = function () {
    this.chat.live.leave(this.channel);
    this.chat.closeRoom(this, "left");
  };

  TwistedChat.person = person;
  TwistedChat.Room = Room;
}(this));
