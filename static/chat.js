/* The chat without any looks: who we are, and which rooms and private chats are open. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;
  var person = TwistedChat.person;

  var REOPENED = 20;             // private chats opened again from the history of one's own channel
  var TICKET_KEY = "twistedchat.ticket";

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
    var seconds;
    wish.tries += 1;
    seconds = TwistedChat.retryAfter(error, wish.tries);
    if (seconds !== null) {
      this.loginTimer = this.clock.setTimeout(function () {
        if (chat.wish === wish) {
          chat.tryLogin();
        }
      }, seconds * 1000);
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

  Chat.prototype.isYou = function (key) {
    return this.you !== null && this.you.key === key;
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
    return this.room(channel) || this.opened(new TwistedChat.Room(this, channel, this.titleOf(channel)));
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
    room = new TwistedChat.Room(this, channel, other.name);
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
    room.noTyping();
    room.unsent().forEach(function (message) {
      message.state = "failed";
      message.error = "Not in the room any more.";
      room.emit("state", message);
    });
    room.emit("left", reason);
    this.emit("closed", room);
  };

  /** We were shown out of a room; the reset of its channel comes before or after. */
  Chat.prototype.wasShownOut = function (channel, text) {
    var room = this.room(channel);
    var title = room === null ? this.titleOf(channel) : room.title;
    if (room !== null) {
      room.leave();
    }
    this.emit("shownOut", { channel: channel, title: title, text: text });
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
    },
    exposed: {
      shownOut: function (channel, text) { this.client.chat.wasShownOut(channel, String(text)); }
    }
  });

  TwistedChat.Chat = Chat;
}(this));
