/**
 * Beside the rooms: who asks to be a contact, the contacts and whether they are online (`Contacts`), and the private chats
 * that are not open just now (`Recent`).
 */
(function (page) {
  var FEW = 12;
  var SOON_MS = 500;
  var ORDER = { friend: 0, asked: 1, blocked: 2 };
  var dom = page.dom;
  var byId = dom.byId;

  function called(person) {
    return person.name || "Somebody";
  }

  /** What a contact's row says in words. */
  function standing(contact) {
    return { asked: "asked", blocked: "blocked", friend: contact.online ? "online" : "offline" }[contact.state];
  }

  /** What a private chat's row says of the other one. */
  function note(contact) {
    return contact !== null && (contact.state === "blocked" || contact.online) ? standing(contact) : "";
  }

  /** A row of the list of contacts. Items: contacts. */
  page.contactRow = {
    build: function () {
      return dom.make("li", {}, [
        dom.make("button", { type: "button", "class": "row", "aria-haspopup": "menu" }, [
          dom.make("span", { "class": "avatar small", "aria-hidden": "true" }),
          dom.make("span", { "class": "presence", "aria-hidden": "true" }),
          dom.make("span", { "class": "label", dir: "auto" }),
          dom.make("span", { "class": "self" })
        ])
      ]);
    },
    update: function (li, item) {
      var parts = li.firstChild.childNodes;
      var words = standing(item);
      dom.text(parts[0], dom.initials(called(item)));
      dom.set(parts[0], "class", "avatar small " + dom.hue(item.key));
      dom.text(parts[2], called(item));
      dom.text(parts[3], words);
      dom.set(parts[3], "class", item.state === "friend" ? "self sr" : "self");
      dom.set(li.firstChild, "title", called(item) + ", " + words);
      dom.set(li, "data-state", item.state);
      dom.set(li, "data-online", item.online ? "true" : null);
    }
  };

  /** A row of who asks, with its answers. */
  page.requestRow = {
    build: function () {
      return dom.make("li", { "class": "request" }, [
        dom.make("span", { "class": "who" }, [dom.make("b", { dir: "auto" }), " asks to be a contact"]),
        dom.make("span", { "class": "answers" }, [
          dom.make("button", { type: "button", "class": "accept primary" }, ["Accept"]),
          dom.make("button", { type: "button", "class": "refuse" }, ["Refuse"])
        ])
      ]);
    },
    update: function (li, item) {
      var buttons = li.lastChild.childNodes;
      dom.text(li.firstChild.firstChild, called(item));
      dom.set(buttons[0], "aria-label", "Accept " + called(item));
      dom.set(buttons[1], "aria-label", "Refuse " + called(item));
    }
  };

  /** `parts`: {toast: Toast, deeds: Deeds, rooms()}; `rooms` gives the Rooms. */
  function Contacts(chat, parts) {
    var self = this;
    this.chat = chat;
    this.parts = parts;
    this.list = new page.List(byId("contact-list"), "data-key", {
      build: page.contactRow.build, update: page.contactRow.update,
      choose: function (item, li) {
        parts.deeds.onPerson({ key: item.key, name: called(item) }, li.firstChild, null);
      }
    });
    this.asking = new page.List(byId("request-list"), "data-key", {
      build: page.requestRow.build, update: page.requestRow.update, plain: true
    });
    dom.on(byId("request-list"), "click", function (event, target) {
      self.pressed(target, dom.above(target, "data-key", byId("request-list")));
    });
  }

  // --- what they are to us ---

  /** Who asks and waits for an answer. */
  Contacts.prototype.requests = function () {
    return this.chat.contacts.filter(function (contact) {
      return contact.state === "asking";
    });
  };

  Contacts.prototype.stateOf = function (key) {
    var contact = this.chat.contact(key);
    return contact === null ? "none" : contact.state;
  };

  Contacts.prototype.isBlocked = function (key) {
    return this.stateOf(key) === "blocked";
  };

  /** What a private chat's row says of the other one. */
  Contacts.prototype.note = function (key) {
    return note(this.chat.contact(key));
  };

  /** A contact changed (null: all of them did); `before` is what they were. */
  Contacts.prototype.changed = function (contact, before) {
    var was = before === null ? "none" : before.state;
    if (contact !== null && contact.state === "asking" && was !== "asking") {
      this.parts.toast.say(called(contact) + " asks to be a contact.");
    } else if (contact !== null && contact.state === "friend" && was === "asked") {
      this.parts.toast.say(called(contact) + " is a contact of yours now.");
    }
  };

  // --- what can be done ---

  /** Return what a person's menu offers. */
  Contacts.prototype.items = function (person) {
    var name = called(person);
    var block = this.sure("Block\u2026", "Block " + name, "block", person, "You do not talk with " + name + " any more.");
    switch (this.stateOf(person.key)) {
    case "friend":
      return [this.sure("Remove from contacts\u2026", "Remove " + name, "removeContact", person, name + " is no contact any more."), block];
    case "asked":
      return [this.item("Take back your request", "removeContact", person, "You ask " + name + " no more."), block];
    case "asking":
      return [this.item("Accept as a contact", "acceptContact", person, name + " is a contact of yours now."),
        this.item("Refuse the request", "removeContact", person, "Refused."), block];
    case "blocked":
      return [this.item("Unblock", "unblock", person, "You can talk with " + name + " again.")];
    default:
      return [this.item("Add contact", "askContact", person, name + " is asked to be a contact."), block];
    }
  };

  Contacts.prototype.item = function (label, method, person, told) {
    var self = this;
    return {
      label: label, danger: method === "block",
      run: function () {
        self.change(method, person, told);
      }
    };
  };

  /** An item that asks once more before it is done. */
  Contacts.prototype.sure = function (label, again, method, person, told) {
    return { label: label, danger: true, items: [
      { label: again, danger: true, run: this.item("", method, person, told).run },
      { label: "Do nothing", run: function () { return null; } }
    ] };
  };

  Contacts.prototype.change = function (method, person, told) {
    var toast = this.parts.toast;
    this.chat[method](person).addCallback(function () {
      toast.say(told);
    }).addErrback(function (error) {
      toast.complain(error);
    });
  };

  Contacts.prototype.pressed = function (button, li) {
    var contact = li && this.chat.contact(li.getAttribute("data-key"));
    if (contact && dom.hasClass(button, "accept")) {
      this.change("acceptContact", contact, called(contact) + " is a contact of yours now.");
    } else if (contact && dom.hasClass(button, "refuse")) {
      this.change("removeContact", contact, "Refused.");
    }
  };

  // --- drawing ---

  Contacts.prototype.draw = function () {
    var shown = this.chat.contacts.filter(function (contact) {
      return contact.state !== "asking";
    }).sort(function (a, b) {
      return rank(a) - rank(b);
    });
    this.list.show(shown);
    this.drawRequests();
    dom.show(byId("contact-part"), this.chat.contacts.length > 0);
  };

  function rank(contact) {
    return ORDER[contact.state] * 2 + (contact.online ? 0 : 1);
  }

  /** When the row that has the focus goes, the next one gets it. */
  Contacts.prototype.drawRequests = function () {
    var ul = byId("request-list");
    var focused = dom.above(document.activeElement, "data-key", ul);
    var had = focused !== null && focused.parentNode === ul;
    this.asking.show(this.requests());
    if (had && focused.parentNode !== ul && !(ul.firstChild && dom.focus(ul.getElementsByTagName("button")[0]))) {
      this.list.reach();
    }
  };

  /** The private chats of before: `changed()` is called when they are others. */
  function Recent(chat, changed) {
    var self = this;
    this.chat = chat;
    this.changed = changed;
    this.listed = [];           // as the server has them, the newest first
    this.heads = {};            // how far each was, by channel, when it was known here first or closed
    this.all = false;           // whether all are shown, not only the newest
    this.soon = dom.once(function () {
      self.refresh();
    }, SOON_MS);
    dom.on(byId("private-all"), "click", function () {
      self.all = !self.all;
      self.changed();
    });
  }

  /** Ask for them anew; what cannot be had now stays as it was. */
  Recent.prototype.refresh = function () {
    var self = this;
    var you = this.chat.you;
    this.chat.privates().addCallback(function (listed) {
      if (you === self.chat.you) {
        self.listed = listed;
        listed.forEach(self.know, self);
        self.changed();
      }
    }).addErrback(function (error) {
      TwistedChat.log("the private chats: " + error.error);
    });
  };

  /** What comes while a chat is open is counted there. */
  Recent.prototype.know = function (one) {
    var name = "c:" + one.channel;
    if (this.heads[name] === undefined || this.chat.room(one.channel) !== null) {
      this.heads[name] = one.head;
    }
  };

  Recent.prototype.clear = function () {
    this.listed = [];
    this.heads = {};
    this.all = false;
  };

  Recent.prototype.opened = function (room) {
    var known = this.listed.some(function (one) { return one.channel === room.channel; });
    if (room.kind === "private" && !known) {
      this.soon();
    }
  };

  Recent.prototype.closed = function (room) {
    if (room.kind === "private") {
      delete this.heads["c:" + room.channel];
      this.soon();
    }
  };

  // --- what is shown ---

  /** Return how many lines were written in a chat of the list since it was known here or closed. */
  Recent.prototype.newIn = function (one) {
    var head = this.heads["c:" + one.channel];
    return head === undefined ? 0 : Math.max(0, one.head - head);
  };

  /** Those that are not open: the newest, or all. */
  Recent.prototype.closedOnes = function () {
    return this.listed.filter(function (one) {
      return this.chat.room(one.channel) === null;
    }, this);
  };

  Recent.prototype.items = function () {
    return this.closedOnes().slice(0, this.all ? this.listed.length : FEW).map(this.item, this);
  };

  Recent.prototype.item = function (one) {
    var contact = this.chat.contact(one.person.key);
    var other = { key: one.person.key, name: called(contact && contact.name ? contact : one.person) };
    return {
      key: one.channel, title: other.name, person: other, joined: false, current: false, count: null,
      unread: this.newIn(one), note: note(contact)
    };
  };

  Recent.prototype.unread = function () {
    return this.closedOnes().map(this.newIn, this).reduce(function (sum, one) { return sum + one; }, 0);
  };

  Recent.prototype.drawMore = function () {
    var count = this.closedOnes().length;
    dom.show(byId("private-all"), count > FEW);
    dom.text(byId("private-all"), this.all ? "Show fewer" : "Show all " + count);
    dom.set(byId("private-all"), "aria-expanded", this.all);
  };

  page.Contacts = Contacts;
  page.Recent = Recent;
})(twistedchatPage);
