/* One SockJS session at a time, over the best transport that proves itself; another one when it breaks. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;

  /** The best first: least latency and fewest requests. */
  var TRANSPORTS = [
    "websocket", "xhr-streaming", "eventsource", "iframe-eventsource", "htmlfile", "iframe-htmlfile",
    "xhr-polling", "iframe-xhr-polling", "jsonp-polling"
  ];

  var ATTEMPT_MS = 15000;       // from the attempt to the server's welcome; /info alone may take 8 s
  var MOVE_MS = 10000;          // the server keeps a session without hello for 10 s
  var TRANSPORT_MS = 5000;      // least time for SockJS to open one transport; its own guess is too short on busy servers
  var SILENT_MS = 60000;        // two heartbeats of 25 s were missed
  var SUSPECT_MS = 35000;       // one heartbeat was missed: after a sleep that is enough
  var ASLEEP_MS = 15000;        // a timer that comes this late: the machine slept (or the tab was throttled)
  var TICK_MS = 2000;
  var YOUNG_MS = 60000;         // a death so soon after opening speaks against the transport
  var DEATHS = 2;
  var DEMOTED_MS = 300000;
  var CLIMB_MS = 180000;
  var BACKOFF_MS = 1000;
  var BACKOFF_CAP_MS = 30000;
  var STABLE_MS = 10000;        // up for this long: the next failure starts a new row
  var HUSHED = 20;              // JSONP polls that were left and may still come
  var RESTART_MS = 1000;        // "now": an attempt older than this begins again

  // HTTP/1.1 gives six connections a host to all tabs together; sends and pages need some of them.
  var SLOTS = 3;
  var SLOT_KEY = "twistedchat.slot.";
  var SLOT_MS = 90000;          // timers of hidden tabs may run once a minute only

  function later(first, second) {
    return first > second ? first : second;
  }

  // --- is it worth trying here? --------------------------------------------------------------------------------------

  function canRequest(crossOrigin) {
    var Request = root.XMLHttpRequest;
    return !!Request && (!crossOrigin || "withCredentials" in new Request());
  }

  function canStreamRequest() {
    return canRequest(true) && !root.opera;
  }

  function canFrame() {
    return !!root.document && !!root.postMessage;
  }

  function isForeign(url) {
    var found = /^(?:(https?:))?\/\/([^\/?#]+)/i.exec(url);
    var here = root.location || {};
    return !!found && ((found[1] && found[1].toLowerCase() !== here.protocol) || found[2].toLowerCase() !== here.host);
  }

  var CAPABLE = {
    "websocket": function () { return !!(root.WebSocket || root.MozWebSocket); },
    "xhr-streaming": canStreamRequest,
    "eventsource": function () { return !!root.EventSource; },
    "iframe-eventsource": function () { return !!root.EventSource && canFrame(); },
    "htmlfile": function (foreign) { return !foreign && (canFrame() || !!root.ActiveXObject); },
    "iframe-htmlfile": canFrame,
    "xhr-polling": canRequest,
    "iframe-xhr-polling": function () { return canRequest(false) && canFrame(); },
    "jsonp-polling": function () { return !!root.document; }
  };

  function isPolling(transport) {
    return transport.indexOf("polling") >= 0;
  }

  /** A frame or script that begins before the page's load event keeps that event from ever firing. */
  function waitsForLoad(transport) {
    return /htmlfile|^iframe|^jsonp/.test(transport);
  }

  function whenLoaded(clock, fn) {
    var stop;
    if (!root.document || !root.document.readyState || root.document.readyState === "complete") {
      fn();
      return;
    }
    stop = TwistedChat.listen(root, "load", function () {
      stop();
      clock.setTimeout(fn, 0);
    });
  }

  // --- slots: which tabs of this profile may hold a stream or a hanging poll ---------------------------------------

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

  // --- one session -------------------------------------------------------------------------------------------------

  /**
   * One SockJS session. `asked` is the transport it stands for, `transport` the one it uses (another when `brief`).
   * Once left it is deaf and mute.
   */
  function Session(asked, transport, brief) {
    this.asked = asked;
    this.transport = transport;
    this.brief = brief;
    this.startedAt = 0;
    this.openedAt = null;
    this.proven = false;
    this.welcomedAt = null;
    this.left = false;
    this.sock = null;
    this.timer = null;
    this.question = null;
  }

  Session.prototype.send = function (text) {
    if (!this.left && this.sock && this.openedAt !== null) {
      TwistedChat.guard("sending", this.sock.send, this.sock, [text]);
    }
  };

  /** Hand over a last message while the page goes away. */
  Session.prototype.sendLast = function (text) {
    var pipe = this.sock && this.sock._transport;
    var base = pipe && this.transport !== "websocket" && (pipe.transUrl || pipe.url);
    var navigator = root.navigator;
    if (base && navigator && navigator.sendBeacon) {
      if (navigator.sendBeacon(base + "/xhr_send", root.JSON.stringify([text]))) {
        return;
      }
    }
    this.send(text);
  };

  var hushed = [];

  /**
   * Close a SockJS session. A JSONP poll cannot be called off: its script still comes, and would not find the callback
   * that sockjs-client has removed from `_jp`; so something that does nothing stands there for a while.
   */
  function closeQuietly(sock) {
    var polls = Object.keys(root._jp || {});
    TwistedChat.guard("closing", sock.close, sock, []);
    polls.forEach(function (name) {
      if (!has(root._jp, name)) {
        root._jp[name] = function () {};
        hushed.push(name);
      }
    });
    while (hushed.length > HUSHED) {
      delete root._jp[hushed.shift()];
    }
  }

  /** Close it and never hear of it again. */
  Session.prototype.leave = function () {
    var sock = this.sock;
    this.left = true;
    this.sock = null;
    if (sock) {
      sock.onopen = sock.onmessage = sock.onheartbeat = sock.onclose = null;
      closeQuietly(sock);
    }
  };

  // --- comet -------------------------------------------------------------------------------------------------------

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
    this.order = options.transports || TRANSPORTS;
    this.wanted = options.transport || null;
    this.foreign = isForeign(options.url);
    this.slots = new Slots(this.clock, TwistedChat.randomId(12, this.random));
    this.current = null;
    this.candidate = null;
    this.failed = {};
    this.demoted = {};
    this.deaths = {};
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
    for (var name in more || {}) {
      if (has(more, name)) {
        status[name] = more[name];
      }
    }
    this.last = status;
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
    this.failed = {};
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

  Comet.prototype.capable = function (transport) {
    return has(CAPABLE, transport) && !!TwistedChat.guard("asking for " + transport, CAPABLE[transport], null, [this.foreign]);
  };

  Comet.prototype.isDemoted = function (transport) {
    return has(this.demoted, transport) && this.demoted[transport] > this.clock.now();
  };

  Comet.prototype.demote = function (transport) {
    log("demoted " + transport);
    this.demoted[transport] = this.clock.now() + DEMOTED_MS;
    delete this.deaths[transport];
  };

  /** The transports to try in this round, the best first; demoted ones come last, the longest demoted before. */
  Comet.prototype.choices = function () {
    var self = this;
    var able = this.order.filter(function (transport) {
      return self.capable(transport) && !has(self.failed, transport);
    });
    var demoted = able.filter(this.isDemoted, this).sort(function (first, second) {
      return self.demoted[first] - self.demoted[second];
    });
    return able.filter(function (transport) { return !self.isDemoted(transport); }).concat(demoted);
  };

  Comet.prototype.pick = function () {
    return this.wanted || this.choices()[0] || null;
  };

  /** Better ones than `transport` that are worth a try now. */
  Comet.prototype.better = function (transport) {
    var place = this.order.indexOf(transport);
    return this.order.slice(0, place < 0 ? this.order.length : place).filter(function (other) {
      return this.capable(other) && !this.isDemoted(other);
    }, this);
  };

  Comet.prototype.briefTransport = function (transport) {
    if (isPolling(transport)) {
      return transport;
    }
    return this.capable("xhr-polling") ? "xhr-polling" : "jsonp-polling";
  };

  Comet.prototype.plan = function (transport) {
    if (transport === "websocket" || this.slots.claim()) {
      return new Session(transport, transport, false);
    }
    return new Session(transport, this.briefTransport(transport), true);
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
    if (!waitsForLoad(session.transport)) {
      this.openNow(session, limitMs);
      return;
    }
    whenLoaded(this.clock, function () {
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
    if (session === this.candidate) {
      this.answered(session, text);
    } else if (this.heard(session)) {
      this.handler.message(session, text);
    }
  };

  Comet.prototype.beat = function (session) {
    if (session === this.current && this.heard(session)) {
      this.handler.heartbeat(session);
    }
  };

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

  /** A message came back: it is good, and the ones that failed before it in this round were themselves at fault. */
  Comet.prototype.prove = function (session) {
    if (session.proven) {
      return;
    }
    session.proven = true;
    Object.keys(this.failed).forEach(this.demote, this);
    this.failed = {};
  };

  /** The live layer says: the server accepted our hello on this session. */
  Comet.prototype.welcomed = function (session) {
    if (session !== this.current) {
      return;
    }
    this.clock.clearTimeout(session.timer);
    session.welcomedAt = this.heardAt = this.clock.now();
    this.climbAt = session.welcomedAt + CLIMB_MS;
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
      this.countDeath(session.transport, now - session.openedAt);
    }
    this.settle(session);
    this.retry(code >= 4200 && code <= 4299 && this.failures === 0, code, reason);
  };

  Comet.prototype.countDeath = function (transport, ageMs) {
    if (ageMs >= YOUNG_MS) {
      delete this.deaths[transport];
      return;
    }
    this.deaths[transport] = (has(this.deaths, transport) ? this.deaths[transport] : 0) + 1;
    if (this.deaths[transport] >= DEATHS) {
      this.demote(transport);
    }
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
      this.failed[session.asked] = true;
      if (this.choices().length > 0) {
        this.connect();
        return;
      }
    }
    this.roundOver({ code: code, reason: reason });
  };

  /** Nothing works: then it is the network, and all of them deserve another chance. */
  Comet.prototype.roundOver = function (why) {
    this.failed = {};
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

  // --- moving to another transport ---------------------------------------------------------------------------------

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
    this.moveAt = this.clock.now() + (this.wanted ? this.backoff(this.moves) : BACKOFF_CAP_MS);
    if (!this.wanted) {
      this.demote(session.asked);
      this.climb();
    }
    if (this.current && (this.current.brief || this.current.transport === "websocket")) {
      this.slots.release();
    }
  };

  Comet.prototype.isOpen = function () {
    return this.current !== null && this.current.welcomedAt !== null;
  };

  /** Look for something better than what is in use. */
  Comet.prototype.climb = function () {
    var better;
    this.climbAt = this.clock.now() + CLIMB_MS;
    if (this.wanted || !this.isOpen() || this.candidate) {
      return;
    }
    better = this.better(this.current.asked);
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
    this.demoted = {};
    this.deaths = {};
    if (this.isOpen()) {
      this.suspect = true;
      this.tryMove(this.pick());
    } else {
      this.now();
    }
  };

  // --- the page's events and the clock -----------------------------------------------------------------------------

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
      if (String((event || root.event).key).indexOf(SLOT_KEY) === 0) {
        self.checkSlot();
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

  TwistedChat.TRANSPORTS = TRANSPORTS;
  TwistedChat.Comet = Comet;
}(this));
