/* One SockJS session at a time, over the best transport that proves itself; another one when it breaks. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var log = TwistedChat.log;

  var ATTEMPT_MS = 15000;       // from the attempt to the server's welcome; /info alone may take 8 s
  var TRANSPORT_MS = 5000;      // least time for SockJS to open one transport; its own guess is too short on busy servers
  var BACKOFF_MS = 1000;
  var BACKOFF_CAP_MS = 30000;
  var STABLE_MS = 10000;        // up for this long: the next failure starts a new row
  var RESTART_MS = 1000;        // "now": an attempt older than this begins again

  /**
   * Keeps one session going.
   *
   * `handler` has `opened(session)` (say hello on it, and from now on listen to no other), `message(session, text)`,
   * `heartbeat(session)`, `closed(code)` (the session in use is lost), `stopped(code, reason)`, `status(status)` and
   * `leaving(session)` (the page goes away). It calls `welcomed(session)` when the server accepted the hello.
   */
  function Comet(options, handler) {
    this.options = options;
    this.handler = handler;
    this.clock = options.clock || TwistedChat.clock;
    this.random = options.random || Math.random;
    this.wanted = options.transport || null;
    this.transports = new TwistedChat.Transports(options.transports, TwistedChat.isForeign(options.url), this.clock);
    this.slots = new TwistedChat.Slots(this.clock, TwistedChat.randomId(12, this.random));
    this.current = null;
    this.candidate = null;
    this.failures = 0;
    this.moves = 0;
    this.moveAt = 0;
    this.climbAt = 0;
    this.heardAt = 0;
    this.tickedAt = 0;
    this.suspect = false;
    this.running = false;
    this.retryTimer = null;
    this.tickTimer = null;
    this.deafen = [];
    this.last = { state: "closed", transport: null };
  }

  Comet.prototype.tell = function (state, more) {
    var session = this.current;
    var status = { state: state, transport: session ? session.transport : null };
    if (session && session.brief) {
      status.brief = true;
    }
    this.last = TwistedChat.give(status, more);
    log("status " + state + (status.transport ? " " + status.transport : "") + (status.brief ? " brief" : "") +
        (status.code ? " " + status.code + " " + (status.reason || "") : ""));
    this.handler.status(status);
  };

  Comet.prototype.start = function () {
    if (this.running) {
      return;
    }
    this.running = true;
    this.failures = 0;
    this.transports.newRound();
    this.heardAt = this.tickedAt = this.clock.now();
    this.listen();
    this.tickLater();
    this.connect();
  };

  /** Leave without a word: sessions, timers, slots, listeners. */
  Comet.prototype.halt = function () {
    this.running = false;
    this.clock.clearTimeout(this.tickTimer);
    this.clock.clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.dropCandidate();
    this.dropCurrent();
    this.slots.release();
    this.deafen.forEach(function (stop) { stop(); });
    this.deafen = [];
  };

  Comet.prototype.close = function () {
    if (this.running) {
      this.halt();
      this.tell("closed");
    }
  };

  // --- choosing ----------------------------------------------------------------------------------------------------

  Comet.prototype.pick = function () {
    return this.wanted || this.transports.choices()[0] || null;
  };

  Comet.prototype.plan = function (transport) {
    if (transport === "websocket" || this.slots.claim()) {
      return new TwistedChat.Session(transport, transport, null);
    }
    return new TwistedChat.Session(transport, this.transports.brief(transport), new TwistedChat.Pauses(this.clock, this.random));
  };

  // --- opening -----------------------------------------------------------------------------------------------------

  Comet.prototype.connect = function () {
    var transport;
    this.clock.clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.dropCurrent();
    transport = this.pick();
    if (transport === null) {
      this.roundOver({ code: 2000, reason: "No transport works in this browser" });
      return;
    }
    this.current = this.plan(transport);
    this.tell("connecting");
    this.open(this.current, ATTEMPT_MS);
  };

  Comet.prototype.open = function (session, limitMs) {
    var self = this;
    log("trying " + session.transport + (session.brief ? " brief" : ""));
    session.startedAt = this.clock.now();
    if (!TwistedChat.waitsForLoad(session.transport)) {
      this.openNow(session, limitMs);
      return;
    }
    TwistedChat.whenLoaded(this.clock, function () {
      if (!session.left) {
        self.openNow(session, limitMs);
      }
    });
  };

  Comet.prototype.openNow = function (session, limitMs) {
    var self = this;
    var url = session.brief ? this.options.briefUrl || this.options.url + "-brief" : this.options.url;
    this.limit(session, limitMs);
    try {
      session.sock = new (this.options.SockJS || root.SockJS)(url, null, {
        transports: [session.transport], sessionId: 26, timeout: TRANSPORT_MS
      });
    } catch (error) {
      this.lose(session, 2000, String(error && error.message));
      return;
    }
    session.sock.onopen = function () { self.opened(session); };
    session.sock.onmessage = function (event) { self.received(session, String(event.data)); };
    session.sock.onheartbeat = function () { self.beat(session); };
    session.sock.onclose = function (event) { self.lose(session, event.code, event.reason); };
  };

  Comet.prototype.limit = function (session, ms) {
    var self = this;
    this.clock.clearTimeout(session.timer);
    session.timer = this.clock.setTimeout(function () { self.lose(session, 2007, "No answer in time"); }, ms);
  };

  Comet.prototype.opened = function (session) {
    if (session.left) {
      return;
    }
    session.openedAt = this.clock.now();
    if (session.brief) {
      session.pauses.between(session.sock);
    }
    if (session === this.candidate) {
      session.question = TwistedChat.randomId(12, this.random);
      session.send(root.JSON.stringify(["probe", session.question]));
      return;
    }
    this.heardAt = session.openedAt;
    this.handler.opened(session);
  };

  Comet.prototype.received = function (session, text) {
    if (session.left) {
      return;
    }
    this.prove(session);
    this.shareNews(session);
    if (session === this.candidate) {
      this.answered(session, text);
    } else if (this.heard(session)) {
      this.handler.message(session, text);
    }
  };

  Comet.prototype.shareNews = function (session) {
    if (session.brief) {
      session.pauses.came();
    } else {
      this.slots.tellNews();
    }
  };

  Comet.prototype.beat = function (session) {
    if (session === this.current && this.heard(session)) {
      this.handler.heartbeat(session);
    }
  };

  /** A message came back: it is good. */
  Comet.prototype.prove = function (session) {
    if (session.proven) {
      return;
    }
    session.proven = true;
    this.transports.oneWorks();
  };

  /** The live layer says: the server accepted our hello on this session. */
  Comet.prototype.welcomed = function (session) {
    if (session !== this.current) {
      return;
    }
    this.clock.clearTimeout(session.timer);
    session.welcomedAt = this.heardAt = this.clock.now();
    this.climbLater();
    if (session.brief || session.transport === "websocket") {
      this.slots.release();
    }
    this.tell("open");
  };

  // --- losing ------------------------------------------------------------------------------------------------------

  Comet.prototype.discard = function (session) {
    this.clock.clearTimeout(session.timer);
    session.leave();
  };

  Comet.prototype.dropCurrent = function () {
    var session = this.current;
    this.current = null;
    if (session) {
      this.discard(session);
    }
  };

  Comet.prototype.dropCandidate = function () {
    var session = this.candidate;
    this.candidate = null;
    if (session) {
      this.discard(session);
    }
  };

  Comet.prototype.lose = function (session, code, reason) {
    if (session.left) {
      return;
    }
    log("lost " + session.transport + " " + code + " " + (reason || ""));
    if (session === this.candidate) {
      this.candidateFailed(session);
      return;
    }
    this.dropCurrent();
    this.handler.closed(code);
    if (code >= 4000 && code <= 4099) {
      this.stop(code, reason);
    } else if (session.proven || (code >= 4100 && code <= 4299)) {
      this.broke(session, code, reason);
    } else {
      this.neverWorked(session, code, reason);
    }
  };

  Comet.prototype.stop = function (code, reason) {
    this.halt();
    this.tell("closed", { code: code, reason: reason });
    this.handler.stopped(code, reason);
  };

  /** A session that had worked is gone. */
  Comet.prototype.broke = function (session, code, reason) {
    var now = this.clock.now();
    var byServer = code >= 4100 && code <= 4299;
    if (!byServer && session.openedAt !== null) {
      this.transports.died(session.transport, now - session.openedAt);
    }
    this.settle(session);
    this.retry(code >= 4200 && code <= 4299 && this.failures === 0, code, reason);
  };

  /** A session that was up for a while ends the row of failures. */
  Comet.prototype.settle = function (session) {
    if (session.welcomedAt !== null && this.clock.now() - session.welcomedAt >= STABLE_MS) {
      this.failures = 0;
    }
  };

  /** It never carried a message: try the next one at once, unless not even /info could be had. */
  Comet.prototype.neverWorked = function (session, code, reason) {
    var unreachable = code === 1002 && session.openedAt === null;
    if (!unreachable && !this.wanted) {
      this.transports.hasFailed(session.asked);
      if (this.transports.choices().length > 0) {
        this.connect();
        return;
      }
    }
    this.roundOver({ code: code, reason: reason });
  };

  /** Nothing works: then it is the network, and all of them deserve another chance. */
  Comet.prototype.roundOver = function (why) {
    this.transports.newRound();
    this.retry(false, why.code, why.reason);
  };

  Comet.prototype.backoff = function (failures) {
    return this.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * Math.pow(2, Math.min(failures, 20)));
  };

  Comet.prototype.retry = function (atOnce, code, reason) {
    var self = this;
    var delay = atOnce ? 0 : this.backoff(this.failures);
    this.failures += 1;
    this.dropCandidate();
    this.clock.clearTimeout(this.retryTimer);
    this.retryTimer = this.clock.setTimeout(function () { self.connect(); }, delay);
    this.tell("waiting", { retryIn: Math.round(delay), code: code, reason: reason });
  };

  Comet.prototype.isOpen = function () {
    return this.current !== null && this.current.welcomedAt !== null;
  };

  /** Break the connection as a bad network would. That says nothing against the transport. */
  Comet.prototype.cut = function () {
    var session = this.current;
    if (session === null) {
      return;
    }
    this.settle(session);
    this.dropCurrent();
    this.handler.closed(1006);
    this.retry(false, 1006, "Cut");
  };

  /** The live layer found the session broken: leave it and resume at once. */
  Comet.prototype.resume = function (reason) {
    if (this.current) {
      this.lose(this.current, 4201, reason);
    }
  };

  /** Connect now instead of waiting; an attempt that hangs begins again. */
  Comet.prototype.now = function () {
    if (!this.running || this.isOpen()) {
      return;
    }
    if (this.current === null || this.clock.now() - this.current.startedAt >= RESTART_MS) {
      this.failures = 0;
      this.connect();
    }
  };

  TwistedChat.Comet = Comet;
}(this));
