/**
 * What a visitor can do with a message and with a person, as menus: copy, change, take back; a private chat, and for
 * moderators what keeps order, as a command in the message field that can be read and completed before it is sent.
 */
(function (page) {
  var MUTE_MIN = 10;
  var dom = page.dom;

  /**
   * `parts`: {menu: Menu, composer: Composer, toast: Toast, account: Account, rooms(), contacts()}; `rooms` gives the Rooms,
   * `contacts` the Contacts.
   */
  function Deeds(chat, parts) {
    this.chat = chat;
    this.parts = parts;
  }

  /** Open the menu of a message of `room` beside `anchor`. */
  Deeds.prototype.onMessage = function (message, anchor, room) {
    var self = this;
    var items = [{ label: "Copy the text", run: function () { self.copy(message.text); } }];
    if (room.mayEdit(message)) {
      items.push({ label: "Edit", run: function () { self.edit(room, message); } });
    }
    if (room.mayRemove(message)) {
      items.push({ label: "Delete\u2026", danger: true, items: [
        { label: "Delete it for everyone", danger: true, run: function () { self.remove(room, message); } },
        { label: "Keep it", run: function () { dom.focus(anchor); } }
      ] });
    }
    if (!message.mine) {
      items = items.concat(this.personItems(message.from, room));
    }
    this.parts.menu.open(anchor, "Message of " + message.from.name, items);
  };

  /** Open the menu of a person in `room` (null: in none) beside `anchor`. */
  Deeds.prototype.onPerson = function (person, anchor, room) {
    var own = this.chat.isYou(person.key);
    this.parts.menu.open(anchor, person.name, own ? this.parts.account.items() : this.personItems(person, room));
  };

  Deeds.prototype.personItems = function (person, room) {
    var rooms = this.parts.rooms();
    var items = [];
    if (room === null || room.kind !== "private" || room.person.key !== person.key) {
      items.push({ label: "Private chat with " + person.name, run: function () { rooms.meet(person); } });
    }
    items = items.concat(this.parts.contacts().items(person));
    return room !== null && room.moderates() ? items.concat(this.orderItems(person, room)) : items;
  };

  Deeds.prototype.orderItems = function (person, room) {
    var name = '"' + person.name + '" ';
    var why = "Add a reason if you like";
    var items = [
      this.commandItem("Kick\u2026", "/kick " + name, why),
      this.commandItem("Mute for " + MUTE_MIN + " minutes\u2026", "/mute " + name + MUTE_MIN + " ", why),
      this.commandItem("Ban\u2026", "/ban " + name, "Add minutes and a reason if you like")
    ];
    if (room.access === "members") {
      items.push(this.commandItem("Make a member\u2026", "/invite " + name, ""));
    }
    if (room.role === "owner") {
      items.push(this.commandItem("Make a moderator\u2026", "/mod " + name, ""));
    }
    return items;
  };

  /** An item that writes a command, for the visitor to complete and to send. */
  Deeds.prototype.commandItem = function (label, line, hint) {
    var parts = this.parts;
    return {
      label: label,
      run: function () {
        parts.composer.begin({
          label: (hint ? hint + ". " : "") + "Enter does it.", text: line,
          send: function (text, done) {
            parts.rooms().say(text);
            done(true);
          }
        });
      }
    };
  };

  // --- messages ---

  /** Let the message field change a message. */
  Deeds.prototype.edit = function (room, message) {
    var toast = this.parts.toast;
    this.parts.composer.begin({
      label: "Editing what you said. Enter saves it.", text: message.text,
      send: function (text, done) {
        if (text === message.text) {
          done(true);
          return;
        }
        room.edit(message, text).addCallback(function () {
          done(true);
        }).addErrback(function (error) {
          done(false);
          toast.complain(error);
        });
      }
    });
  };

  /** Change the newest message of one's own that can be; returns whether there is one. */
  Deeds.prototype.editLast = function (room) {
    var mine = room.messages.filter(room.mayEdit, room);
    if (mine.length) {
      this.edit(room, mine[mine.length - 1]);
    }
    return mine.length > 0;
  };

  Deeds.prototype.remove = function (room, message) {
    var toast = this.parts.toast;
    room.remove(message).addErrback(function (error) {
      toast.complain(error);
    });
    this.parts.composer.focus();
  };

  Deeds.prototype.copy = function (text) {
    var toast = this.parts.toast;
    var clipboard = window.navigator.clipboard;
    function told(copied) {
      toast.say(copied ? "Copied." : "This browser does not let us copy.");
    }
    if (clipboard && clipboard.writeText) {
      clipboard.writeText(text).then(function () {
        told(true);
      }, function () {
        told(copyBySelection(text));
      });
    } else {
      told(copyBySelection(text));
    }
  };

  /** The way of browsers, and of pages without TLS, that have no clipboard of their own. */
  function copyBySelection(text) {
    var back = document.activeElement;
    var field = dom.make("textarea", { "class": "sr", "aria-hidden": "true" });
    var copied = false;
    document.body.appendChild(field);
    field.value = text;
    field.select();
    try {
      copied = document.execCommand("copy");
    } catch (refused) {
      copied = false;
    }
    document.body.removeChild(field);
    if (back) {
      dom.focus(back);
    }
    return copied;
  }

  page.Deeds = Deeds;
})(twistedchatPage);
