/* The chat without any looks: which rooms and private chats are open, and what reaches us beside them. */
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
    this.kind = null;           // what we are: "guest", "account" or "vouched"
    this.wish = null;           // the login that is asked for: {method, args, deferred, tries, unsure}
    this.loginTimer = null;
    this.first = [];            // channels to be in before any room: our own and the house's
    this.whyOut = null;         // why the server logged us out, while another ticket is tried
    this.turnedAway = false;    // our ticket was refused: another tab of ours may bring a new one
    this.contacts = [];         // {key, name, state, online}, by name
    this.contactNews = null;    // what was told of them since they were asked for, while they are
    this.contactTimer = null;
    this.unsure = [];           // changes of them that may not have been made
    this.live = new TwistedChat.LiveClient(this.options);
    this.live.chat = this;
    this.forward();
    this.watchTickets();
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
    this.wishTicket();
    this.live.start();
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
    this.live.leave(room.channel);   // also its position: who comes in again is shown what was said before
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
      shownOut: function (channel, text) { this.client.chat.wasShownOut(channel, String(text)); },
      loggedOut: function (text) { this.client.chat.wasLoggedOut(String(text)); },
      contact: function (key, name, state, online) { this.client.chat.contactChanged([key, name, state, online]); }
    }
  });

  TwistedChat.Chat = Chat;
}(this));
