/**
 * The rooms and private chats that are open, which one is looked at, and the lists that show them.
 */
(function (page) {
  var DRAW_MS = 50;
  var EARLIER = 50;
  var ACCESS = { unlisted: "Unlisted", members: "Members only" };
  var dom = page.dom;
  var byId = dom.byId;

  /**
   * `parts`: {view: LogView, composer: Composer, toast: Toast, deeds: Deeds, contacts: Contacts, recent: Recent, shown(room)};
   * `shown` is called when another room is looked at, or none (null).
   */
  function Rooms(chat, parts) {
    var self = this;
    this.chat = chat;
    this.parts = parts;
    this.current = null;
    this.opening = 0;           // rooms that were asked for, and not answered yet
    this.models = {};
    this.soon = dom.once(function () {
      self.draw();
    }, DRAW_MS);
    this.lists = {
      rooms: this.list("room-list", "data-channel", page.roomRow, function (item) {
        self.look(chat.room(item.key) || chat.join(item.key));
      }),
      privates: this.list("private-list", "data-channel", page.roomRow, function (item) {
        self.look(chat.openPrivate(item.key, item.person));
      }),
      people: this.list("people", "data-key", page.personRow, function (item, li) {
        parts.deeds.onPerson({ key: item.key, name: item.name }, li.firstChild, self.current);
      })
    };
  }

  Rooms.prototype.list = function (id, attribute, row, choose) {
    return new page.List(byId(id), attribute, { build: row.build, update: row.update, choose: choose });
  };

  // --- what is open ---

  /** Return the lines of an open room. */
  Rooms.prototype.lines = function (room) {
    var key = "c:" + room.channel;
    if (!this.models[key]) {
      this.models[key] = new page.Lines(room);
      this.watch(this.models[key], room);
    }
    return this.models[key];
  };

  Rooms.prototype.watch = function (lines, room) {
    var self = this;
    room.on("message", function (message) {
      if (lines.place(message)) {
        self.arrived(lines, message);
      }
    });
    room.on("state", function (message) {
      lines.place(message);
    });
    room.on("gone", function (message) {
      lines.gone(message);
    });
    room.on("changed", function (change, message) {
      if (message === null) {
        lines.changedAbove(change);
      }
    });
    room.on("history", function () {
      self.history(lines);
    });
    room.on("older", function (messages) {
      lines.older(messages);
    });
    room.on("answer", function (text) {
      lines.answer(text);
    });
    room.on("typing", function (people) {
      lines.typing = people;
      self.drawTyping();
    });
    room.on("topic", this.soon);
    room.on("order", this.soon);
    room.on("hole", function (why) {
      lines.missing(why);
    });
    room.on("people", function (change) {
      self.cameAndWent(lines, change);
    });
    room.on("joined", this.soon);
    room.on("left", this.soon);
  };

  Rooms.prototype.arrived = function (lines, message) {
    if (!message.mine && page.draw.isSaid(message) && (lines.room !== this.current || document.hidden)) {
      lines.unread += 1;
      this.soon();
    }
  };

  Rooms.prototype.history = function (lines) {
    var room = lines.room;
    lines.replace();
    if (!lines.started && room.kind === "private" && room !== this.current) {
      lines.unread = unanswered(room.messages);
    }
    lines.started = true;
    this.soon();
  };

  /** Return how many messages stand at the end that the other side wrote. */
  function unanswered(messages) {
    var count = 0;
    while (count < messages.length && !messages[messages.length - 1 - count].mine) {
      count++;
    }
    return count;
  }

  Rooms.prototype.cameAndWent = function (lines, change) {
    var you = this.chat.you;
    function other(person) {
      return !you || person.key !== you.key;
    }
    var came = change.came.filter(other);
    var went = change.went.filter(other);
    if (lines.room.people !== null && came.length) {
      lines.notice(page.names(came) + " came");
    }
    if (lines.room.people !== null && went.length) {
      lines.notice(page.names(went) + " left");
    }
    this.soon();
  };

  Rooms.prototype.opened = function (room) {
    this.lines(room);
    this.parts.recent.opened(room);
    this.soon();
  };

  Rooms.prototype.closed = function (room) {
    if (room === this.current) {
      this.look(this.chat.open[0] || null);
    }
    delete this.models["c:" + room.channel];
    this.parts.recent.closed(room);
    this.soon();
  };

  /** Open a private chat and look at it. */
  Rooms.prototype.meet = function (person) {
    this.lookThen(this.chat.privateWith(person));
  };

  /** Make or find a room and look at it; returns the Deferred. */
  Rooms.prototype.openByName = function (name) {
    return this.lookThen(this.chat.openRoom(name));
  };

  Rooms.prototype.lookThen = function (deferred) {
    var self = this;
    this.opening += 1;
    return deferred.addCallback(function (room) {
      self.look(room);
    }).addErrback(function (error) {
      self.parts.toast.complain(error);
    }).addBoth(function () {
      self.opening -= 1;
      self.soon();
    });
  };

  /** Look at a room; null: at none. What was written and not sent waits in the room that is left. */
  Rooms.prototype.look = function (room) {
    var composer = this.parts.composer;
    composer.end();
    if (this.current) {
      this.lines(this.current).draft = composer.read();
    }
    this.current = room;
    composer.write(room ? this.lines(room).draft : "");
    this.parts.view.show(room ? this.lines(room) : null);
    this.seen();
    this.draw();
    this.parts.shown(room);
  };

  /** Bring the focus to where a room is chosen: the list, or where it is empty the field that opens one. */
  Rooms.prototype.reach = function () {
    if (!this.lists.rooms.reach()) {
      dom.focus(byId("room-name"));
    }
  };

  /** What is shown counts as read, while the page can be seen. */
  Rooms.prototype.seen = function () {
    if (this.current && !document.hidden) {
      this.lines(this.current).unread = 0;
    }
    this.soon();
  };

  /** Write in the room that is looked at; returns whether there is one. */
  Rooms.prototype.say = function (text) {
    if (this.current) {
      this.current.say(text);
    }
    return this.current !== null;
  };

  /** Bring earlier messages into the room that is looked at. */
  Rooms.prototype.earlier = function (room) {
    var self = this;
    if (room.hasEarlier()) {
      room.older(EARLIER).addErrback(function (error) {
        self.parts.toast.complain(error);
      });
    }
  };

  // --- what the lists show ---

  Rooms.prototype.openItem = function (room) {
    return {
      key: room.channel, title: room.title, person: room.person || null, joined: true, current: room === this.current,
      count: room.kind === "private" ? null : room.count, unread: this.lines(room).unread,
      note: room.person ? this.parts.contacts.note(room.person.key) : ""
    };
  };

  Rooms.prototype.listedItem = function (entry) {
    var room = this.chat.room(entry.channel);
    return room ? this.openItem(room) : {
      key: entry.channel, title: entry.title, person: null, joined: false, current: false, count: entry.count, unread: 0
    };
  };

  Rooms.prototype.roomItems = function () {
    var listed = {};
    this.chat.rooms.forEach(function (entry) {
      listed["c:" + entry.channel] = true;
    });
    return this.chat.rooms.map(this.listedItem, this).concat(this.openItems("room").filter(function (item) {
      return !listed["c:" + item.key];
    }));
  };

  Rooms.prototype.openItems = function (kind) {
    return this.chat.open.filter(function (room) {
      return room.kind === kind;
    }).map(this.openItem, this);
  };

  /** Private chats: those that are open, then those of before. */
  Rooms.prototype.privateItems = function () {
    return this.openItems("private").concat(this.parts.recent.items());
  };

  Rooms.prototype.personItems = function (people) {
    var you = this.chat.you;
    return people.map(function (person) {
      return {
        key: person.key, name: person.name, you: !!you && person.key === you.key,
        blocked: this.parts.contacts.isBlocked(person.key)
      };
    }, this);
  };

  // --- drawing; cheap when nothing changed ---

  Rooms.prototype.draw = function () {
    this.lists.rooms.show(this.roomItems());
    this.drawPrivates();
    this.parts.contacts.draw();
    this.drawPeople();
    this.drawTyping();
    this.parts.view.offerEarlier();
    this.drawHeading();
    this.drawEmpty();
    this.drawUnread();
  };

  Rooms.prototype.drawPrivates = function () {
    var privates = this.privateItems();
    this.lists.privates.show(privates);
    dom.show(byId("private-part"), privates.length > 0);
    this.parts.recent.drawMore();
  };

  Rooms.prototype.drawPeople = function () {
    var room = this.current;
    var many = room !== null && room.people === null;
    this.lists.people.show(this.personItems((room && room.people) || []));
    dom.show(byId("people-many"), many);
    dom.text(byId("people-many"), many ? room.count + " people are here. Names are shown up to 200." : "");
    dom.text(byId("people-count"), room && room.count ? String(room.count) : "");
  };

  Rooms.prototype.drawHeading = function () {
    var room = this.current;
    dom.text(byId("title"), room ? room.title : this.opening ? "" : "No room");
    dom.text(byId("subtitle-here"), room || !this.opening ? subtitle(room) : "");
    dom.text(byId("topic"), room ? room.topic : "");
    dom.set(byId("topic"), "title", room && room.topic ? room.topic : null);
    dom.show(byId("leave"), room !== null);
    dom.text(byId("leave"), room && room.kind === "private" ? "Close this chat" : "Leave this room");
    dom.set(byId("log"), "aria-label", room ? "Messages in " + room.title : "Messages");
  };

  /** Without a room there is nothing to read or to write in, only rooms to choose from. */
  Rooms.prototype.drawEmpty = function () {
    var none = this.current === null && this.opening === 0;
    dom.show(byId("no-room"), none);
    dom.show(byId("log"), !none);
    dom.show(byId("composer"), !none);
  };

  function subtitle(room) {
    if (!room) {
      return "Pick one, or open one.";
    }
    if (!room.joined) {
      return "Joining\u2026";
    }
    if (room.kind === "private") {
      return "Private chat";
    }
    return (ACCESS[room.access] ? ACCESS[room.access] + " \u00b7 " : "") + (room.count === 1 ? "1 person here" : room.count + " people here");
  }

  Rooms.prototype.drawTyping = function () {
    dom.text(byId("typing"), this.current ? page.typingText(this.lines(this.current).typing) : "");
  };

  Rooms.prototype.drawUnread = function () {
    var title = this.current ? this.current.title + " \u00b7 twistedchat" : "twistedchat";
    var unread = this.parts.contacts.requests().length + this.parts.recent.unread();
    this.chat.open.forEach(function (room) {
      unread += this.lines(room).unread;
    }, this);
    dom.text(byId("elsewhere"), unread > 99 ? "99+" : String(unread));
    dom.show(byId("elsewhere"), unread > 0);
    document.title = (unread ? "(" + unread + ") " : "") + title;
  };

  page.Rooms = Rooms;
})(twistedchatPage);
