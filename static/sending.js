/* What we say in a room, and what becomes of it: sent in order, once, kept until it is answered; adds to `Room`. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var Room = TwistedChat.Room;

  var PENDING = 200;             // in a room; more are refused at once
  var ID_CHARS = 24;             // 144 random bits
  var CHANGE_MS = 900000;        // for how long the server lets one change what one said
  var TEXTS = { message: true, action: true, notice: true };
  var ONCE = /^\/(\/|(me|notice|topic|msg|who|help)(\s|$))/i;   // done twice under one id, these are done once
  var AWAY = { StoreUnavailable: true, StoreUnknown: true };
  var MODERATORS = { moderator: true, owner: true };

  Room.prototype.unsent = function () {
    return this.messages.filter(function (message) { return message.state === "pending" && message.offset === null; });
  };

  Room.prototype.newId = function () {
    return TwistedChat.randomId(ID_CHARS, this.chat.options.random);
  };

  /** Say `text`, or do what it says when it begins with a slash. */
  Room.prototype.say = function (text) {
    var message = {
      id: this.newId(), kind: text.charAt(0) === "/" ? "command" : "message", from: this.chat.you || { key: "", name: "" },
      text: text, at: this.chat.clock.now() / 1000, state: "pending", offset: null, mine: true, edited: false, deleted: false
    };
    if (this.unsent().length >= PENDING) {
      message.state = "failed";
      message.error = "Too many messages are waiting to be sent.";
    }
    this.toldAt = null;
    this.log.push(message);
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
    message.at = this.chat.clock.now() / 1000;
    delete message.error;
    this.log.push(message);
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
    var method = message.kind === "command" ? "command" : "say";
    this.sending = message;
    this.chat.ask(method, [this.channel, message.id, message.text]).addCallback(function (answer) {
      room.sending = null;
      room.awaySince = null;
      if (method === "command") {
        room.wasDone(message, answer);
      } else {
        room.wasSent(message, answer);
      }
      room.flush();
    }).addErrback(function (error) {
      room.sending = null;
      room.notSent(message, attempt, error);
    });
  };

  Room.prototype.wasSent = function (message, offset) {
    if (message.state === "pending" && this.messages.indexOf(message) >= 0) {
      message.state = "sent";
      message.offset = offset;
      delete message.error;
      this.log.place(message);
      this.emit("state", message);
    }
  };

  /** A command is done: what it put into the log stands there, its own line goes, and its answer is for us alone. */
  Room.prototype.wasDone = function (message, answer) {
    if (message.offset === null && this.log.drop(message)) {
      this.emit("gone", message);
    }
    if (answer.text) {
      this.emit("answer", String(answer.text));
    }
    if (answer.welcome) {
      this.chat.loggedIn(answer.welcome);
    }
  };

  /** Unknown: it stays pending and goes out again, same id, once we are back in the room. */
  Room.prototype.notSent = function (message, attempt, error) {
    var seconds = TwistedChat.retryAfter(error, attempt, this.awayFor(message, error));
    if (message.state !== "pending" || (error.kind === "unknown" && isOnce(message))) {
      this.flush();
    } else if (seconds !== null) {
      this.sendLater(message, attempt + 1, seconds);
    } else {
      message.state = "failed";
      message.error = error.kind === "unknown" ? "Nobody knows whether it was done." : TwistedChat.errorText(error);
      this.emit("state", message);
      this.flush();
    }
  };

  /** For how many seconds `message` has waited for a store that is away; undefined when that is not what is wrong. */
  Room.prototype.awayFor = function (message, error) {
    var now = this.chat.clock.now() / 1000;
    if (error.kind !== "refused" || !has(AWAY, error.error)) {
      return undefined;
    }
    if (this.awaySince === null) {
      this.awaySince = now;
    }
    return now - Math.max(this.awaySince, message.at);
  };

  function isOnce(message) {
    return message.kind !== "command" || ONCE.test(message.text);
  }

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

  // Changing ----------------------------------------------------------------------------------------------------------

  /** Whether `message` is ours to change: logged, not taken back, and not too long ago. */
  Room.prototype.mayEdit = function (message) {
    return this.isText(message) && message.mine && this.chat.clock.now() - message.at * 1000 < CHANGE_MS;
  };

  /** Whether we may take `message` back: ours as long as we may change it, or as a moderator anyone's. */
  Room.prototype.mayRemove = function (message) {
    return this.mayEdit(message) || (this.isText(message) && this.moderates());
  };

  Room.prototype.isText = function (message) {
    return has(TEXTS, message.kind) && message.offset !== null && !message.deleted && this.joined;
  };

  /** Whether we are a moderator or an owner of this room. */
  Room.prototype.moderates = function () {
    return this.role !== null && has(MODERATORS, this.role);
  };

  /** Let a message of ours say `text`; the result comes when everybody is told. */
  Room.prototype.edit = function (message, text) {
    return this.askChange("edit", message, [text]);
  };

  /** The log may have been begun anew since `message` was shown: then its offset is another's. */
  Room.prototype.askChange = function (method, message, more) {
    var now = this.log.find(message.id, message.from.key);
    var deferred = new TwistedChat.Deferred();
    if (now !== null && now.offset !== null) {
      return this.chat.ask(method, [this.channel, this.newId(), now.offset].concat(more));
    }
    deferred.errback(TwistedChat.refused("NoSuchMessage", "There is no such message any more."));
    return deferred;
  };

  /** Take a message back; one that was not sent just goes. */
  Room.prototype.remove = function (message) {
    var deferred;
    if (message.offset !== null) {
      return this.askChange("delete", message, []);
    }
    if (message.state === "failed" && this.log.drop(message)) {
      this.emit("gone", message);
    }
    deferred = new TwistedChat.Deferred();
    deferred.callback(null);
    return deferred;
  };
}(this));
