/* Moving to another transport in mid-conversation: the candidate, the probe, the way upwards (of TwistedChat.Comet). */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Comet = TwistedChat.Comet;
  var log = TwistedChat.log;

  var MOVE_MS = 10000;          // the server keeps a session without hello for 10 s
  var MOVE_CAP_MS = 30000;
  var CLIMB_MS = 180000;

  function later(first, second) {
    return first > second ? first : second;
  }

  /** Try `transport` beside the session in use; move over when a message has crossed it both ways. */
  Comet.prototype.tryMove = function (transport) {
    this.dropCandidate();
    this.candidate = this.plan(transport);
    this.open(this.candidate, MOVE_MS);
  };

  Comet.prototype.answered = function (session, text) {
    var message;
    try {
      message = root.JSON.parse(text);
    } catch (error) {
      message = null;
    }
    if (Array.isArray(message) && message[0] === "probe" && message[1] === session.question) {
      this.promote(session);
    }
  };

  /** Move over: hello on the new session first, then leave the old one. */
  Comet.prototype.promote = function (session) {
    var old = this.current;
    log("moving to " + session.transport);
    this.candidate = null;
    this.current = session;
    this.moves = 0;
    this.limit(session, MOVE_MS);
    this.heardAt = this.clock.now();
    this.handler.opened(session);
    if (old) {
      this.discard(old);
    }
  };

  Comet.prototype.candidateFailed = function (session) {
    this.dropCandidate();
    if (this.suspect) {
      this.wake("nothing heard since the network changed");
      return;
    }
    this.moves += 1;
    this.moveAt = this.clock.now() + (this.wanted ? this.backoff(this.moves) : MOVE_CAP_MS);
    if (!this.wanted) {
      this.transports.demote(session.asked);
      this.climb();
    }
    if (this.current && (this.current.brief || this.current.transport === "websocket")) {
      this.slots.release();
    }
  };

  Comet.prototype.climbLater = function () {
    this.climbAt = this.clock.now() + CLIMB_MS;
  };

  /** Look for something better than what is in use. */
  Comet.prototype.climb = function () {
    var better;
    this.climbLater();
    if (this.wanted || !this.isOpen() || this.candidate) {
      return;
    }
    better = this.transports.better(this.current.asked);
    if (better.length > 0) {
      this.tryMove(better[0]);
    }
  };

  /** Choose another transport in mid-conversation; null: let the client choose again. */
  Comet.prototype.use = function (transport) {
    log("asked for " + (transport || "any transport"));
    this.wanted = transport;
    this.moves = 0;
    this.moveAt = 0;
    this.dropCandidate();
    if (!this.running) {
      return;
    }
    if (!this.isOpen()) {
      this.failures = 0;
      this.connect();
    } else if (transport === null) {
      this.climb();
    } else if (this.current.asked !== transport) {
      this.tryMove(transport);
    }
  };

  /** Keep the slot of a stream; get out of the others' way when it was lost; take one when it got free. */
  Comet.prototype.checkSlot = function () {
    var session = this.current;
    if (!this.isOpen() || this.candidate || session.transport === "websocket") {
      return;
    }
    if (session.brief !== this.slots.claim()) {
      return;
    }
    if (!session.brief || this.clock.now() >= this.moveAt) {
      this.tryMove(session.asked);
    } else {
      this.slots.release();
    }
  };

  Comet.prototype.checkMove = function (now) {
    if (this.candidate) {
      return;
    }
    if (this.wanted && this.current.asked !== this.wanted) {
      if (now >= this.moveAt) {
        this.tryMove(this.wanted);
      }
    } else if (now >= later(this.climbAt, this.moveAt)) {
      this.climb();
    }
  };
}(this));
