/* The chat without any looks: who we are, rooms, private chats, and what becomes of each message. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;

  var MESSAGES_KEPT = 1000;      // in a room
  var PENDING = 200;             // in a room; more are refused at once
  var TRIES = 6;                 // of a message, or a login, that the server wants later
  var RETRY_S = 2;               // when the server does not say how much later
  var REOPENED = 20;             // private chats opened again from the history of one's own channel
  var ID_CHARS = 24;             // 144 random bits
  var TICKET_KEY = "twistedchat.ticket";

  /** Errors that time heals: the same thing with the same id is done again. */
  var PASSING = { TooFast: true, StoreUnavailable: true, StoreUnknown: true };

  function isPassing(error) {
    return error.kind === "refused" && has(PASSING, error.error);
  }

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

  // --- one room ------------------------------------------------------------------------------------------------------

  function Room(chat, channel, title) {
    this.chat = chat;
    this.channel = channel;
    this.title = title;
    this.kind = channel.indexOf("private/") === 0 ? "private" : "room";
    this.joined = false;
    this.count = 0;
    this.people = [];
    this.messages = [];
    this.hole = false;
    this.era = 0;               // offsets compare within one life of the log only
    this.epoch = null;
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
    this.emit("joined");
    this.flush();
  };

  /** The log's last entries take the place of what is shown; what is not sent yet stays after them. */
  Room.prototype.setHistory = function (entries, hole, epoch) {
    var unsent = this.messages.filter(function (message) { return message.offset === null; });
    this.messages = [];
    this.epoch = epoch;
    this.hole = hole;
    entries.forEach(function (entry) {
      if (entry[2][0] === "message") {
        this.messages.push(this.entry(entry[0], entry[1], entry[2][1], entry[3]));
      }
    }, this);
    unsent.forEach(function (message) {
      var logged = this.find(message.id);
      if (logged === null) {
        this.messages.push(message);
      } else {
        this.messages[this.messages.indexOf(logged)] = this.confirm(message, logged.offset, logged.at);
      }
    }, this);
    if (hole) {
      this.emit("hole");
    }
    this.emit("history", this.messages);
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

  Room.prototype.find = function (id) {
    for (var i = this.messages.length - 1; i >= 0; i -= 1) {
      if (this.messages[i].id === id) {
        return this.messages[i];
      }
    }
    return null;
  };

  /** An event of the log: a new line, or one of ours that has found its place. */
  Room.prototype.arrived = function (body, meta) {
    var known = this.find(meta.id);
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
    this.chat.closeRoom(this, errorText(error));
    this.chat.emit("problem", error);
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
    if (error.kind === "unknown" || message.state !== "pending") {
      this.flush();
    } else if (isPassing(error) && attempt < TRIES) {
      this.sendLater(message, attempt + 1, error.retry || RETRY_S);
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

  // --- the chat ------------------------------------------------------------------------------------------------------

  function chatOptions(options) {
    var all = { root: "chat", holdJoins: true };
    for (var name in options) {
      if (has(options, name)) {
        all[name] = options[name];
      }
    }
    return all;
  }

  function Chat(options) {
    this.options = chatOptions(options);
    this.clock = options.clock || TwistedChat.clock;
    this.ticketKey = options.ticketKey === undefined ? TICKET_KEY : options.ticketKey;
    this.ticket = this.keptTicket();
    this.you = null;
    this.lastKey = null;        // whose rooms are open, also when the ticket ended meanwhile
    this.rooms = [];
    this.open = [];
    this.chatter = null;        // the widget, while we are logged in on it
    this.widget = null;
    this.wish = null;           // the login that is asked for: {name, ticket, deferred, tries}
    this.loginTimer = null;
    this.first = [];            // channels to be in before any room: our own and the house's
    this.live = new TwistedChat.LiveClient(this.options);
    this.live.chat = this;
    this.forward();
  }
  TwistedChat.eventful(Chat);

  Chat.prototype.forward = function () {
    var chat = this;
    this.live.on("status", function (status) {
      if (status.state === "closed") {
        chat.lost();
      }
      chat.emit("status", status);
    });
  };

  Chat.prototype.start = function () {
    if (this.wish === null && this.ticket !== null) {
      this.wish = { name: null, ticket: this.ticket, deferred: null, tries: 0 };
    }
    this.live.start();
  };

  // The ticket --------------------------------------------------------------------------------------------------------

  Chat.prototype.keptTicket = function () {
    try {
      return this.ticketKey === null ? null : root.localStorage.getItem(this.ticketKey) || null;
    } catch (denied) {
      return null;
    }
  };

  Chat.prototype.keepTicket = function (ticket) {
    this.ticket = ticket;
    try {
      if (this.ticketKey !== null && ticket === null) {
        root.localStorage.removeItem(this.ticketKey);
      } else if (this.ticketKey !== null) {
        root.localStorage.setItem(this.ticketKey, ticket);
      }
    } catch (denied) {
      log("the ticket cannot be kept in this browser");
    }
  };

  Chat.prototype.hasTicket = function () {
    return this.ticket !== null;
  };

  // Login -------------------------------------------------------------------------------------------------------------

  /** The server's half is there: log in, anew or again. */
  Chat.prototype.attached = function (widget) {
    this.widget = widget;
    if (this.wish === null && this.ticket !== null) {
      this.wish = { name: null, ticket: this.ticket, deferred: null, tries: 0 };
    }
    this.tryLogin();
  };

  Chat.prototype.detached = function (widget) {
    if (this.widget === widget) {
      this.widget = null;
      this.lost();
    }
  };

  /** The server does not know us any more, until the next login. Messages that are under way stay pending. */
  Chat.prototype.lost = function () {
    this.chatter = null;
    this.open.forEach(function (room) { room.joined = false; });
  };

  Chat.prototype.login = function (name) {
    var deferred = new TwistedChat.Deferred();
    this.endWish({ kind: "cancelled", error: "Cancelled", text: "" });
    this.wish = { name: name, ticket: null, deferred: deferred, tries: 0 };
    this.tryLogin();
    return deferred;
  };

  Chat.prototype.endWish = function (error) {
    var wish = this.wish;
    this.wish = null;
    this.clock.clearTimeout(this.loginTimer);
    if (wish !== null && wish.deferred !== null) {
      wish.deferred.errback(error);
    }
  };

  Chat.prototype.tryLogin = function () {
    var chat = this;
    var wish = this.wish;
    var widget = this.widget;
    if (wish === null || widget === null) {
      return;
    }
    widget.callRemote("login", wish.name, wish.ticket).addCallback(function (answer) {
      if (chat.wish === wish && chat.widget === widget) {
        chat.wish = null;
        chat.loggedIn(answer);
        if (wish.deferred !== null) {
          wish.deferred.callback(chat.you);
        }
      }
    }).addErrback(function (error) {
      if (chat.wish === wish && error.kind !== "unknown") {
        chat.loginFailed(wish, error);
      }
    });
  };

  Chat.prototype.loginFailed = function (wish, error) {
    var chat = this;
    wish.tries += 1;
    if (isPassing(error) && wish.tries < TRIES) {
      this.loginTimer = this.clock.setTimeout(function () {
        if (chat.wish === wish) {
          chat.tryLogin();
        }
      }, (error.retry || RETRY_S) * 1000);
      return;
    }
    if (wish.deferred === null) {
      this.notAnyMore(error);
    } else {
      this.endWish(error);
    }
  };

  /** The kept ticket is not accepted: the visitor has to log in. */
  Chat.prototype.notAnyMore = function (error) {
    this.wish = null;
    if (error.error === "BadTicket") {
      this.keepTicket(null);
    }
    this.forgetYou();
    this.emit("problem", error);
  };

  Chat.prototype.loggedIn = function (answer) {
    this.chatter = this.widget;
    if (this.lastKey !== null && this.lastKey !== answer.you[0]) {
      this.leaveAll();
    }
    this.lastKey = answer.you[0];
    this.you = person(answer.you);
    this.keepTicket(answer.ticket);
    this.first = answer.channels;
    this.setRooms(answer.rooms);
    this.first.forEach(function (channel) { this.live.join(channel, this.ownHandler()); }, this);
    this.open.forEach(function (room) { this.live.join(room.channel, room.handler()); }, this);
    this.live.rejoin();
    this.emit("you", this.you);
  };

  Chat.prototype.logout = function () {
    this.endWish({ kind: "cancelled", error: "Cancelled", text: "" });
    if (this.chatter !== null) {
      this.chatter.callRemote("logout").addErrback(function () { return null; });
    }
    this.keepTicket(null);
    this.leaveAll();
    this.lastKey = null;
    this.forgetYou();
  };

  /** Take another name. */
  Chat.prototype.rename = function (name) {
    var chat = this;
    return this.ask("rename", [name]).addCallback(function (answer) {
      chat.loggedIn(answer);
      return chat.you;
    });
  };

  Chat.prototype.forgetYou = function () {
    this.chatter = null;
    this.you = null;
    this.emit("you", null);
  };

  Chat.prototype.leaveAll = function () {
    this.first.forEach(function (channel) { this.live.leave(channel); }, this);
    this.first = [];
    this.open.slice().forEach(function (room) { room.leave(); });
  };

  // Our own channel and the house's -----------------------------------------------------------------------------------

  Chat.prototype.ownHandler = function () {
    var chat = this;
    return {
      events: {
        privateOpened: function (channel, other) { chat.openPrivate(channel, person(other)); },
        alert: function (alert) { chat.emit("alert", alert); }
      },
      history: function (entries) { chat.reopen(entries); },
      refused: function (error) { chat.emit("problem", error); }
    };
  };

  /** Private chats that began while we were away; old alerts are not shown again. */
  Chat.prototype.reopen = function (entries) {
    entries.filter(function (entry) { return entry[2][0] === "privateOpened"; }).slice(-REOPENED).forEach(function (entry) {
      this.openPrivate(entry[2][1], person(entry[2][2]));
    }, this);
  };

  // Rooms -------------------------------------------------------------------------------------------------------------

  /** Ask the server, as whoever is logged in. */
  Chat.prototype.ask = function (method, args) {
    var deferred;
    if (this.chatter !== null) {
      return this.chatter.callRemote.apply(this.chatter, [method].concat(args));
    }
    deferred = new TwistedChat.Deferred();
    deferred.errback({ kind: "refused", error: "NotLoggedIn", text: "Not connected, or not logged in." });
    return deferred;
  };

  Chat.prototype.setRooms = function (rooms) {
    this.rooms = rooms.map(function (room) {
      return { channel: room[0], title: room[1], count: room[2] };
    });
    this.emit("rooms");
  };

  Chat.prototype.refreshRooms = function () {
    var chat = this;
    this.ask("rooms", []).addCallback(function (rooms) {
      chat.setRooms(rooms);
    }).addErrback(function (error) {
      log("the list of rooms: " + error.error);
    });
  };

  Chat.prototype.room = function (channel) {
    return this.open.filter(function (room) { return room.channel === channel; })[0] || null;
  };

  Chat.prototype.titleOf = function (channel) {
    var listed = this.rooms.filter(function (room) { return room.channel === channel; })[0];
    return listed ? listed.title : channel.slice(channel.indexOf("/") + 1);
  };

  Chat.prototype.join = function (channel) {
    return this.room(channel) || this.opened(new Room(this, channel, this.titleOf(channel)));
  };

  Chat.prototype.opened = function (room) {
    this.open.push(room);
    this.emit("opened", room);
    if (this.chatter !== null) {
      this.live.join(room.channel, room.handler());
    }
    return room;
  };

  Chat.prototype.openPrivate = function (channel, other) {
    var room = this.room(channel);
    if (room !== null) {
      return room;
    }
    room = new Room(this, channel, other.name);
    room.person = other;
    return this.opened(room);
  };

  Chat.prototype.closeRoom = function (room, reason) {
    var place = this.open.indexOf(room);
    if (place < 0) {
      return;
    }
    this.open.splice(place, 1);
    room.joined = false;
    this.clock.clearTimeout(room.timer);
    room.unsent().forEach(function (message) {
      message.state = "failed";
      message.error = "Not in the room any more.";
      room.emit("state", message);
    });
    room.emit("left", reason);
    this.emit("closed", room);
  };

  Chat.prototype.openRoom = function (name) {
    var chat = this;
    return this.ask("openRoom", [name]).addCallback(function (channel) { return chat.join(channel); });
  };

  Chat.prototype.privateWith = function (other) {
    var chat = this;
    return this.ask("private", [other.key]).addCallback(function (channel) { return chat.openPrivate(channel, other); });
  };

  TwistedChat.widget("TwistedChat.Chatter", {
    init: function () {
      this.client.chat.attached(this);
    },
    gone: function () {
      this.client.chat.detached(this);
    }
  });

  TwistedChat.Chat = Chat;
}(this));
