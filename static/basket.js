/* Reliable delivery to one reader: what we sent and the server has not acknowledged, and how far we have what it sent. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;

  var BASKET_MESSAGES = 1000;
  var BASKET_CHARS = 1048576;
  var RESEND_CHARS = 32768;       // a piece of the basket on resume: well under any server's limit for one message

  function Basket() {
    this.out = [];
    this.chars = 0;
    this.next = 0;
    this.had = -1;
    this.owed = 0;
  }

  /**
   * Keep a message until it is acknowledged. Returns its packet item, or null when the basket is full. Answers, of which
   * the server expects no more than it asked for, may fill it twice.
   */
  Basket.prototype.put = function (message) {
    var text = root.JSON.stringify(message);
    var times = message[0] === "call" || message[0] === "notify" ? 1 : 2;
    var item;
    if (this.out.length >= BASKET_MESSAGES * times || this.chars + text.length > BASKET_CHARS * times) {
      return null;
    }
    item = { seq: this.next, text: "[" + this.next + "," + text + "]", chars: text.length };
    this.next += 1;
    this.chars += item.chars;
    this.out.push(item);
    return item;
  };

  /** Drop what the other side has. False when it claims something that was never sent. */
  Basket.prototype.acknowledged = function (ack) {
    if (typeof ack !== "number" || ack >= this.next) {
      return false;
    }
    while (this.out.length > 0 && this.out[0].seq <= ack) {
      this.chars -= this.out.shift().chars;
    }
    return true;
  };

  /** Return the packet that carries `items`, and owe nothing any more. */
  Basket.prototype.packet = function (items) {
    this.owed = 0;
    return "[" + this.had + ",[" + items.map(function (item) { return item.text; }).join(",") + "]]";
  };

  /** Return packets with everything that is not acknowledged. */
  Basket.prototype.again = function () {
    var packets = [];
    var piece = [];
    var chars = 0;
    this.out.forEach(function (item) {
      if (piece.length > 0 && chars + item.chars > RESEND_CHARS) {
        packets.push(this.packet(piece));
        piece = [];
        chars = 0;
      }
      piece.push(item);
      chars += item.chars;
    }, this);
    return piece.length > 0 ? packets.concat([this.packet(piece)]) : packets;
  };

  TwistedChat.Basket = Basket;
}(this));
