/* Who types in a room, and telling that we do; adds to `Room`. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Room = TwistedChat.Room;

  var TELL_MS = 3000;            // at most as often are others told
  var SHOWN_MS = 5000;           // after the last hint
  var PEOPLE = 50;               // more at once are not kept

  /** We type: tell the others, when we have not just now. */
  Room.prototype.typing = function () {
    var now = this.chat.clock.now();
    if (!this.joined || this.chat.chatter === null || (this.toldAt !== null && now - this.toldAt < TELL_MS)) {
      return;
    }
    this.toldAt = now;
    this.chat.ask("typing", [this.channel]).addErrback(function () { return null; });
  };

  /** A hint: somebody types. */
  Room.prototype.someoneTypes = function (pair) {
    var room = this;
    var key = pair[0];
    if (this.chat.isYou(key)) {
      return;
    }
    this.forgetTyping(key);
    if (this.typists.length < PEOPLE) {
      this.typists.push({
        person: TwistedChat.person(pair),
        timer: this.chat.clock.setTimeout(function () { room.stoppedTyping(key); }, SHOWN_MS)
      });
    }
    this.tellTyping();
  };

  /** Returns whether the person was thought to type. */
  Room.prototype.forgetTyping = function (key) {
    var before = this.typists.length;
    this.typists = this.typists.filter(function (typist) {
      if (typist.person.key === key) {
        this.chat.clock.clearTimeout(typist.timer);
      }
      return typist.person.key !== key;
    }, this);
    return this.typists.length < before;
  };

  Room.prototype.stoppedTyping = function (key) {
    if (this.forgetTyping(key)) {
      this.tellTyping();
    }
  };

  /** Nobody is seen to type any more: we are out. */
  Room.prototype.noTyping = function () {
    this.typists.slice().forEach(function (typist) { this.stoppedTyping(typist.person.key); }, this);
  };

  Room.prototype.tellTyping = function () {
    this.emit("typing", this.typists.map(function (typist) { return typist.person; }));
  };
}(this));
