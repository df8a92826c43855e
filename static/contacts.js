/* Contacts as the server has them, blocking, and the private chats that there were; adds to `Chat`. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Chat = TwistedChat.Chat;
  var log = TwistedChat.log;
  var person = TwistedChat.person;

  var UNSURE = 20;               // changes whose answer was lost: to be made again after the next login

  function contactFrom(line) {
    return { key: line[0], name: line[1], state: line[2], online: line[3] === true };
  }

  /** Return `list` with a line put into its place, or without it when they are nothing to us any more. */
  function withLine(list, contact) {
    var others = list.filter(function (one) { return one.key !== contact.key; });
    return contact.state === "none" ? others : others.concat([contact]).sort(TwistedChat.byName);
  }

  /** Return the contact of `key`, or null for a stranger. */
  Chat.prototype.contact = function (key) {
    return this.contacts.filter(function (one) { return one.key === key; })[0] || null;
  };

  // What the server tells ---------------------------------------------------------------------------------------------

  /** We are logged in on a live client: ask for all contacts, and make again what may not have been made. */
  Chat.prototype.freshContacts = function () {
    this.fetchContacts(0);
    this.unsure.splice(0).forEach(this.makeChange, this);
  };

  /** Ask for all contacts. What we are told before the answer comes may be newer than it, and is not older. */
  Chat.prototype.fetchContacts = function (tries) {
    var chat = this;
    var news = this.contactNews = [];
    this.ask("contacts", []).addCallback(function (lines) {
      if (chat.contactNews === news) {
        chat.contactNews = null;
        chat.contacts = news.reduce(withLine, lines.map(contactFrom).sort(TwistedChat.byName));
        chat.emit("contacts", null, null);
      }
    }).addErrback(function (error) {
      if (chat.contactNews === news) {
        chat.contactNews = null;
        chat.noContacts(error, tries + 1);
      }
    });
  };

  /** They did not come; after the next login they are asked for in any case. */
  Chat.prototype.noContacts = function (error, tries) {
    var chat = this;
    var seconds = TwistedChat.retryAfter(error, tries);
    log("the contacts: " + error.error);
    if (seconds !== null) {
      this.clock.clearTimeout(this.contactTimer);
      this.contactTimer = this.clock.setTimeout(function () { chat.fetchContacts(tries); }, seconds * 1000);
    } else if (error.kind === "refused" && this.chatter !== null) {
      this.emit("problem", error);
    }
  };

  /** One line is so from now on. */
  Chat.prototype.contactChanged = function (line) {
    var contact = contactFrom(line);
    var before = this.contact(contact.key);
    if (this.you === null) {
      return;
    }
    if (this.contactNews !== null) {
      this.contactNews = this.contactNews.filter(function (one) { return one.key !== contact.key; });
      this.contactNews.push(contact);
    }
    this.contacts = withLine(this.contacts, contact);
    this.emit("contacts", contact, before);
  };

  /** We are somebody else, or nobody. */
  Chat.prototype.forgetContacts = function () {
    this.contacts = [];
    this.contactNews = null;
    this.clock.clearTimeout(this.contactTimer);
    this.unsure.splice(0).forEach(giveUp);
    this.emit("contacts", null, null);
  };

  // What we change ----------------------------------------------------------------------------------------------------

  function giveUp(change) {
    change.deferred.errback({ kind: "cancelled", error: "Cancelled", text: "" });
  }

  function changes(method) {
    return function (other) {
      var change = { method: method, me: this.lastKey, key: other.key, deferred: new TwistedChat.Deferred(), tries: 0 };
      this.makeChange(change);
      return change.deferred;
    };
  }

  /** Ask somebody to be a contact; accept where they asked. The result of all four is what they are to us then. */
  Chat.prototype.askContact = changes("askContact");
  Chat.prototype.acceptContact = Chat.prototype.askContact;

  /** End a contact, refuse a request, or take back our own. */
  Chat.prototype.removeContact = changes("removeContact");

  Chat.prototype.block = changes("block");
  Chat.prototype.unblock = changes("unblock");

  /** The change itself comes by `contact`, to every page of ours. Made twice it is as good as once. */
  Chat.prototype.makeChange = function (change) {
    var chat = this;
    if (change.me !== this.lastKey) {
      giveUp(change);
      return;
    }
    this.ask(change.method, [change.key]).addCallback(function (state) {
      change.deferred.callback(state);
    }).addErrback(function (error) {
      chat.changeFailed(change, error);
    });
  };

  Chat.prototype.changeFailed = function (change, error) {
    var chat = this;
    var seconds;
    change.tries += 1;
    seconds = error.error === "StoreUnknown" ? TwistedChat.retryAfter(error, change.tries) : null;
    if (seconds !== null) {
      this.clock.setTimeout(function () { chat.makeChange(change); }, seconds * 1000);
    } else if (error.kind === "unknown" && change.me === this.lastKey && this.unsure.length < UNSURE) {
      this.unsure.push(change);
    } else {
      change.deferred.errback(error);
    }
  };

  // Private chats -----------------------------------------------------------------------------------------------------

  /** Return the newest private chats, open or not: [{channel, person, head, at}], the newest first. */
  Chat.prototype.privates = function () {
    return this.ask("privates", []).addCallback(function (listed) {
      return listed.map(function (one) {
        return { channel: one[0], person: person(one[1]), head: one[2], at: one[3] };
      });
    });
  };
}(this));
