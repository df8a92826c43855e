/* Slots: which tabs of this profile may hold a stream or a hanging poll. HTTP/1.1 gives all of them six connections. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var log = TwistedChat.log;

  var SLOTS = 3;                // sends, pages and the other tabs' brief polls need the rest
  var SLOT_KEY = "twistedchat.slot.";
  var SLOT_MS = 90000;          // timers of hidden tabs may run once a minute only

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
  }

  Slots.prototype.holder = function (key) {
    var parts = String(storage().getItem(key) || "").split(" ");
    var left = Number(parts[1]) - this.clock.now();
    return left > 0 && left <= SLOT_MS ? parts[0] : null;
  };

  Slots.prototype.write = function (key) {
    storage().setItem(key, this.owner + " " + (this.clock.now() + SLOT_MS));
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
      this.write(this.mine);
      return true;
    }
    this.mine = null;
    return false;
  };

  Slots.prototype.take = function () {
    for (var i = 0; i < SLOTS; i += 1) {
      if (this.holder(SLOT_KEY + i) === null) {
        this.write(SLOT_KEY + i);
        this.mine = SLOT_KEY + i;
        return true;
      }
    }
    return false;
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

  /** Whether a storage event is about slots. */
  Slots.concerns = function (event) {
    return String(event.key).indexOf(SLOT_KEY) === 0;
  };

  TwistedChat.Slots = Slots;
}(this));
