/* Who we are: by a kept ticket, as a guest, by an account; adds to `Chat`. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Chat = TwistedChat.Chat;
  var log = TwistedChat.log;
  var person = TwistedChat.person;

  function wishFor(method, args, deferred) {
    return { method: method, args: args, deferred: deferred, tries: 0, unsure: false };
  }

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

  /** The ticket that we had is worth nothing. Several tabs share the kept one: a newer one of theirs is ours from now on. */
  Chat.prototype.dropTicket = function () {
    var kept = this.keptTicket();
    if (kept === null || kept === this.ticket) {
      this.keepTicket(null);
    } else {
      this.ticket = kept;
    }
  };

  /** Keep the ticket that was given for `brought`, unless another tab has kept another one meanwhile; null: in any case. */
  Chat.prototype.renewTicket = function (ticket, brought) {
    var kept = this.keptTicket();
    if (brought === null || kept === null || kept === brought) {
      this.keepTicket(ticket);
    } else {
      this.ticket = ticket;
    }
  };

  /** Another tab of ours may bring the ticket that we lack. */
  Chat.prototype.watchTickets = function () {
    var chat = this;
    if (this.ticketKey !== null) {
      TwistedChat.listen(root, "storage", function (event) { chat.keptElsewhere(event || root.event); });
    }
  };

  /** What is told is newer than what is read: we may have removed it, in a browser that keeps tabs apart, without seeing it. */
  Chat.prototype.keptElsewhere = function (event) {
    var told = event.key === this.ticketKey && event.newValue ? event.newValue : this.keptTicket();
    if (this.turnedAway && this.wish === null && told !== null) {
      this.ticket = told;
      this.wishTicket();
      this.tryLogin();
    }
  };

  Chat.prototype.hasTicket = function () {
    return this.ticket !== null;
  };

  // Login -------------------------------------------------------------------------------------------------------------

  /** The server's half is there: log in, anew or again. */
  Chat.prototype.attached = function (widget) {
    this.widget = widget;
    this.wishTicket();
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

  /** Be the account `name`, or without a password a new guest of that name. */
  Chat.prototype.login = function (name, password) {
    return this.wishTo("login", [name, null, password || null]);
  };

  /** Make an account, and be it; as a guest, stay the same person. */
  Chat.prototype.register = function (name, password) {
    return this.wishTo("register", [name, password]);
  };

  /** Be who the kept ticket says, unless something else is wished for. */
  Chat.prototype.wishTicket = function () {
    if (this.wish === null && this.ticket !== null) {
      this.wish = wishFor("login", [null, this.ticket, null], null);
    }
  };

  Chat.prototype.wishTo = function (method, args) {
    var deferred = new TwistedChat.Deferred();
    this.endWish({ kind: "cancelled", error: "Cancelled", text: "" });
    this.wish = wishFor(method, args, deferred);
    this.tryLogin();
    return deferred;
  };

  /** Set another password. */
  Chat.prototype.changePassword = function (old, password) {
    return this.welcomedBy(this.ask("changePassword", [old, password]));
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
    widget.callRemote.apply(widget, [wish.method].concat(wish.args)).addCallback(function (answer) {
      if (chat.wish === wish && chat.widget === widget) {
        chat.wish = null;
        chat.loggedIn(answer, wish.deferred === null ? wish.args[1] : null);
        chat.freshContacts();
        if (wish.deferred !== null) {
          wish.deferred.callback(chat.you);
        }
      }
    }).addErrback(function (error) {
      wish.unsure = wish.unsure || error.kind === "unknown";
      if (chat.wish === wish && error.kind !== "unknown") {
        chat.loginFailed(wish, error);
      }
    });
  };

  Chat.prototype.loginFailed = function (wish, error) {
    var chat = this;
    var seconds;
    if (wish.method === "register" && wish.unsure && error.error === "NameTaken") {
      this.wish = wishFor("login", [wish.args[0], null, wish.args[1]], wish.deferred);   // perhaps it is ours by now
      this.tryLogin();
      return;
    }
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

  /** The kept ticket is not accepted: another tab has a newer one, or the visitor has to log in. */
  Chat.prototype.notAnyMore = function (error) {
    this.wish = null;
    if (error.error === "BadTicket") {
      this.dropTicket();
      if (this.ticket !== null) {
        this.wishTicket();
        this.tryLogin();
        return;
      }
    }
    this.turnedAway = error.error === "BadTicket";
    this.forgetYou();
    this.emit("problem", this.whyOut || error);
    this.whyOut = null;
  };

  /** The server has logged this page out, and all rooms with it. What another tab may have kept is tried. */
  Chat.prototype.wasLoggedOut = function (text) {
    var error = { kind: "refused", error: "LoggedOut", text: text };
    this.leaveAll();
    this.forgetYou();
    this.dropTicket();
    this.turnedAway = true;
    if (this.wish !== null && this.wish.deferred === null) {
      this.wish = null;
    }
    if (this.ticket !== null && this.wish === null) {
      this.whyOut = error;
      this.wishTicket();
      this.tryLogin();
    } else {
      this.emit("problem", error);
    }
  };

  /** `brought`: the kept ticket that did it, null when it was something else. */
  Chat.prototype.loggedIn = function (answer, brought) {
    this.chatter = this.widget;
    this.turnedAway = false;
    this.whyOut = null;
    if (this.lastKey !== null && this.lastKey !== answer.you[0]) {
      this.leaveAll();
      this.forgetContacts();
    }
    this.lastKey = answer.you[0];
    this.you = person(answer.you);
    this.kind = answer.kind || "guest";
    this.renewTicket(answer.ticket, brought || null);
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
    this.turnedAway = false;
    this.leaveAll();
    this.lastKey = null;
    this.forgetYou();
  };

  /** Take another name. */
  Chat.prototype.rename = function (name) {
    return this.welcomedBy(this.ask("rename", [name]));
  };

  Chat.prototype.welcomedBy = function (deferred) {
    var chat = this;
    return deferred.addCallback(function (answer) {
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
    this.kind = null;
    this.forgetContacts();
    this.emit("you", null);
  };

  Chat.prototype.leaveAll = function () {
    this.first.forEach(function (channel) { this.live.leave(channel); }, this);
    this.first = [];
    this.open.slice().forEach(function (room) { room.leave(); });
  };
}(this));
