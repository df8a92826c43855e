/* Pauses between brief polls, so that many tabs leave connections free for what each of them sends. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;

  var PAUSE_MS = 800;           // what nobody told of is had this much later
  var SPREAD = 0.5;             // tabs that were opened together do not poll together
  var AWAITED_MS = 2000;        // after sending, an answer is near: no pauses
  var JUST_NOW_MS = 100;        // news told of so soon after a message is that message

  /** The pauses of one brief session. */
  function Pauses(clock, random) {
    this.clock = clock;
    this.random = random;
    this.next = null;           // the poll that waits for the end of this pause
    this.timer = null;
    this.awaitedUntil = 0;
    this.cameAt = 0;
    this.newsAt = 0;            // told of while a poll was under way, whose answer may have been on its way already
  }

  /**
   * Make the polls of this SockJS session wait. sockjs-client begins each poll when the one before ended, by a method of
   * its poller; where there is none (in a frame), polls follow each other at once.
   */
  Pauses.prototype.between = function (sock) {
    var self = this;
    var poller = sock._transport && sock._transport.poll;
    var poll = poller && poller._scheduleReceiver;
    if (!poll) {
      return;
    }
    poller._scheduleReceiver = function () {
      self.begin(function () {
        if (!poller.pollIsClosing) {
          poll.call(poller);
        }
      });
    };
  };

  Pauses.prototype.begin = function (next) {
    var self = this;
    this.next = next;
    if (this.clock.now() < this.awaitedUntil || this.newsAt > this.cameAt) {
      this.end();
    } else {
      this.timer = this.clock.setTimeout(function () { self.end(); }, PAUSE_MS * (1 + SPREAD * (this.random() - 0.5)));
    }
  };

  /** Poll now, unless a poll is under way. */
  Pauses.prototype.end = function () {
    var next = this.next;
    this.stop();
    this.newsAt = 0;
    if (next !== null) {
      next();
    }
  };

  /** Something was sent. */
  Pauses.prototype.sent = function () {
    this.awaitedUntil = this.clock.now() + AWAITED_MS;
    this.end();
  };

  /** A message came. */
  Pauses.prototype.came = function () {
    this.cameAt = this.clock.now();
  };

  /** Another tab had a message; there may be one for us too. */
  Pauses.prototype.news = function () {
    var now = this.clock.now();
    if (now - this.cameAt < JUST_NOW_MS) {
      return;
    }
    if (this.next !== null) {
      this.end();
    } else {
      this.newsAt = now;
    }
  };

  Pauses.prototype.stop = function () {
    this.clock.clearTimeout(this.timer);
    this.timer = this.next = null;
  };

  TwistedChat.Pauses = Pauses;
}(this));
