/*
 * What the tabs of one profile share: HTTP/1.1 gives all of them together six connections. Slots say which may hold a
 * stream or a hanging poll; those that do tell the others, which poll briefly, when it is worth a poll.
 */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var log = TwistedChat.log;

  var SLOTS = 3;                // sends, pages and the other tabs' brief polls need the rest
  var SLOT_KEY = "twistedchat.slot.";
  var SLOT_MS = 90000;          // timers of hidden tabs may run once a minute only
  var KEEP_MS = 10000;          // write no more often: each write wakes every other tab, which then looks after its own
  var NEWS_KEY = "twistedchat.news";
  var NEWS_MS = 50;             // tell of news so often at most

  /** Without storage every tab believes that it is alone. */
  function storage() {
    try {
      return root.localStorage || null;
    } catch (denied) {
      return null;
    }
  }

  function Slots(clock, owner) {
    this.clock = clock;
    this.owner = owner;
    this.mine = null;
    this.writtenAt = 0;
    this.toldAt = 0;
  }

  Slots.prototype.holder = function (key) {
    var parts = String(storage().getItem(key) || "").split(" ");
    var left = Number(parts[1]) - this.clock.now();
    return left > 0 && left <= SLOT_MS ? parts[0] : null;
  };

  Slots.prototype.write = function (key) {
    this.writtenAt = this.clock.now();
    storage().setItem(key, this.owner + " " + (this.writtenAt + SLOT_MS));
  };

  /** Take a slot, or keep the one held; false when all are taken, or the one held was lost. */
  Slots.prototype.claim = function () {
    try {
      return !storage() || this.keep() || this.take();
    } catch (full) {
      return true;
    }
  };

  Slots.prototype.keep = function () {
    if (this.mine !== null && this.holder(this.mine) === this.owner) {
      if (this.clock.now() - this.writtenAt >= KEEP_MS) {
        this.write(this.mine);
      }
      return true;
    }
    this.mine = null;
    return false;
  };

  /** Return the key of a free slot, or null. */
  Slots.prototype.free = function () {
    for (var i = 0; i < SLOTS; i += 1) {
      if (this.holder(SLOT_KEY + i) === null) {
        return SLOT_KEY + i;
      }
    }
    return null;
  };

  Slots.prototype.take = function () {
    var key = this.free();
    if (key !== null) {
      this.write(key);
      this.mine = key;
    }
    return key !== null;
  };

  Slots.prototype.release = function () {
    try {
      if (this.mine !== null && this.holder(this.mine) === this.owner) {
        storage().removeItem(this.mine);
      }
    } catch (denied) {
      log("a slot could not be released");
    }
    this.mine = null;
  };

  /** A message came to us, who hold a slot: tell the tabs that have none, if there can be any. */
  Slots.prototype.tellNews = function () {
    var now = this.clock.now();
    if (this.mine === null || now - this.toldAt < NEWS_MS) {
      return;
    }
    this.toldAt = now;
    try {
      if (this.free() === null) {
        storage().setItem(NEWS_KEY, this.owner + " " + now);
      }
    } catch (full) {
      log("other tabs cannot be told of news");
    }
  };

  /** What a storage event is about: "slot", "news", or null. */
  Slots.subject = function (event) {
    var key = String(event.key);
    if (key === NEWS_KEY) {
      return "news";
    }
    return key.indexOf(SLOT_KEY) === 0 ? "slot" : null;
  };

  TwistedChat.Slots = Slots;
}(this));
