/* The page's events and the clock: sleep, another network, a page that goes or comes back (of TwistedChat.Comet). */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Comet = TwistedChat.Comet;
  var log = TwistedChat.log;

  var SILENT_MS = 60000;        // two heartbeats of 25 s were missed
  var SUSPECT_MS = 35000;       // one heartbeat was missed: after a sleep that is enough
  var ASLEEP_MS = 15000;        // a timer that comes this late: the machine slept (or the tab was throttled)
  var TICK_MS = 2000;

  /** Note that the session lives. False when it was silent for so long that the server has given it up. */
  Comet.prototype.heard = function (session) {
    var now = this.clock.now();
    if (session.welcomedAt !== null && now - this.heardAt > SILENT_MS) {
      this.wake("silent for too long");
      return false;
    }
    this.heardAt = now;
    this.suspect = false;
    if (this.slots.mine !== null) {
      this.slots.keep();
    }
    return true;
  };

  /** The machine slept, or the pipe went silent: what was open is not to be trusted. */
  Comet.prototype.wake = function (reason) {
    log("woken: " + reason);
    this.failures = 0;
    this.suspect = false;
    this.dropCandidate();
    if (this.current) {
      this.dropCurrent();
      this.handler.closed(4202);
    }
    this.connect();
  };

  /** Another network: what was learnt does not hold here, and the open pipe may be dead without knowing it. */
  Comet.prototype.networkChanged = function () {
    log("the network changed");
    this.transports.forget();
    if (this.isOpen()) {
      this.suspect = true;
      this.tryMove(this.pick());
    } else {
      this.now();
    }
  };

  Comet.prototype.listen = function () {
    var self = this;
    var page = root.document;
    var connection = root.navigator && root.navigator.connection;
    var type = connection && connection.type;
    function on(target, event, fn) {
      self.deafen.push(TwistedChat.listen(target, event, fn));
    }
    on(root, "online", function () { self.networkChanged(); });
    on(root, "storage", function (event) {
      var subject = TwistedChat.Slots.subject(event || root.event);
      if (subject === "slot") {
        self.checkSlot();
      } else if (subject === "news" && self.current && self.current.pauses) {
        self.current.pauses.news();
      }
    });
    on(root, "pageshow", function (event) {
      if (event.persisted) {
        self.wake("shown again");
      }
    });
    on(root, "onpagehide" in root ? "pagehide" : "unload", function (event) {
      self.hidden(!!(event && event.persisted));
    });
    TwistedChat.closeSocketsLast();
    on(page, "visibilitychange", function () {
      if (!page.hidden) {
        self.check();
      }
    });
    on(connection, "change", function () {
      if (connection.type !== type) {
        type = connection.type;
        self.networkChanged();
      }
    });
  };

  /** The page goes: into the back-forward cache, from which it may come back, or for good. */
  Comet.prototype.hidden = function (persisted) {
    if (!persisted && this.isOpen()) {
      this.handler.leaving(this.current);
    }
    this.clock.clearTimeout(this.retryTimer);
    this.dropCandidate();
    this.slots.release();
    if (persisted && this.current) {
      this.dropCurrent();
      TwistedChat.guard("removing frames", TwistedChat.Session.removeFrames, null, [this.options.url]);
      this.handler.closed(1001);
      this.tell("waiting", { code: 1001, reason: "The page is hidden" });
    }
  };

  Comet.prototype.tickLater = function () {
    var self = this;
    this.tickTimer = this.clock.setTimeout(function () {
      self.tickLater();
      self.check();
    }, TICK_MS);
  };

  Comet.prototype.check = function () {
    var now = this.clock.now();
    var late = now - this.tickedAt - TICK_MS;
    var silent = now - this.heardAt;
    this.tickedAt = now;
    if (this.isOpen()) {
      if (silent > SILENT_MS || (late > ASLEEP_MS && silent > SUSPECT_MS)) {
        this.wake(late > ASLEEP_MS ? "after a sleep" : "nothing heard");
        return;
      }
      this.settle(this.current);
      this.checkSlot();
      this.checkMove(now);
    } else if (late > ASLEEP_MS) {
      this.now();
    }
  };
}(this));
