/* One page's live client: hello, basket, resume, channels, and objects here that the server's objects can call. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;
  var guard = TwistedChat.guard;

  var BASKET_MESSAGES = 1000;
  var BASKET_CHARS = 1048576;
  var RESEND_CHARS = 32768;       // a piece of the basket on resume: well under any server's limit for one message
  var ACK_SPREAD_MS = 10000;
  var ACK_AT_ONCE = 32;
  var AT_MS = 25000;
  var AT_LEAST_MS = 10000;        // "brief" polls bring four heartbeats a second
  var CHANNELS = 200;             // what one hello may state
  var JOIN_AT_ONCE = 100;
  var IDS_KEPT = 1000;
  var REWIND_MS = 5000;
  var REASK_MS = 1000;
  var QUEUE = 1000;               // calls for an element whose scripts still load
  var SCRIPT_MS = 20000;

  // --- results and errors ------------------------------------------------------------------------------------------

  /** Throw or errback this from an exposed method to tell the server more than "InternalError". */
  function SafeError(error, text) {
    this.error = error;
    this.text = text || "";
    this.message = error + ": " + this.text;
  }

  function remoteError(kind, error, text) {
    return { kind: kind, error: error, text: text || "" };
  }

  function refused(error, text) {
    return remoteError("refused", error, text);
  }

  function unknown(text) {
    return remoteError("unknown", "Unknown", text);
  }

  function Deferred(canceller) {
    this.canceller = canceller || null;
    this.steps = [];
    this.fired = false;
    this.cancelled = false;
    this.paused = false;
    this.failed = false;
    this.value = undefined;
  }

  Deferred.prototype.fire = function (failed, value) {
    if (this.fired) {
      if (this.cancelled) {
        return;
      }
      throw new Error("this Deferred has its result already");
    }
    this.fired = true;
    this.settle(failed, value);
  };

  Deferred.prototype.settle = function (failed, value) {
    this.failed = failed;
    this.value = value;
    while (!this.paused && this.steps.length > 0) {
      this.step(this.steps.shift());
    }
  };

  Deferred.prototype.step = function (pair) {
    var fn = this.failed ? pair[1] : pair[0];
    if (!fn) {
      return;
    }
    try {
      this.value = fn(this.value);
      this.failed = false;
    } catch (error) {
      if (!this.failed || error !== this.value) {
        log("failed: a callback: " + ((error && (error.stack || error.text || error.message)) || error));
      }
      this.value = error;
      this.failed = true;
    }
    if (!this.failed && this.value && typeof this.value.then === "function") {
      this.wait(this.value);
    }
  };

  Deferred.prototype.wait = function (inner) {
    var self = this;
    function over(failed) {
      return function (value) {
        self.paused = false;
        self.settle(failed, value);
      };
    }
    this.paused = true;
    if (inner instanceof Deferred) {
      inner.add(over(false), over(true));
    } else {
      inner.then(over(false), over(true));
    }
  };

  Deferred.prototype.add = function (ok, fail) {
    this.steps.push([ok, fail]);
    if (this.fired && !this.paused) {
      this.settle(this.failed, this.value);
    }
    return this;
  };

  Deferred.prototype.both = function (fn) {
    return this.add(function (value) { fn(false, value); }, function (error) { fn(true, error); });
  };

  Deferred.prototype.addCallback = function (fn) { return this.add(fn, null); };
  Deferred.prototype.addErrback = function (fn) { return this.add(null, fn); };
  Deferred.prototype.addBoth = function (fn) { return this.add(fn, fn); };
  Deferred.prototype.callback = function (value) { this.fire(false, value); };
  Deferred.prototype.errback = function (error) { this.fire(true, error); };

  /** A branch, as promises have it: it takes nothing from the chain of this Deferred. */
  Deferred.prototype.then = function (ok, fail) {
    var branch = new Deferred();
    this.add(
      function (value) { branch.fire(false, value); return value; },
      function (error) { branch.fire(true, error); throw error; }
    );
    return branch.add(ok || null, fail || null);
  };

  Deferred.prototype.cancel = function () {
    if (this.fired) {
      return;
    }
    if (this.canceller) {
      this.canceller(this);
    }
    if (!this.fired) {
      this.fire(true, remoteError("cancelled", "Cancelled"));
    }
    this.cancelled = true;
  };

  function failedWith(error) {
    var deferred = new Deferred();
    deferred.errback(error);
    return deferred;
  }

  // --- the basket: two logs with one reader each --------------------------------------------------------------------

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

  // --- widgets and their scripts -----------------------------------------------------------------------------------

  var definitions = {};
  var scripts = {};

  function Widget(client, id, jsClass, node) {
    this.client = client;
    this.id = id;
    this.jsClass = jsClass;
    this.node = node;
  }

  Widget.prototype.callRemote = function (method) {
    return this.client.callRemote(this.id, method, Array.prototype.slice.call(arguments, 1));
  };

  Widget.prototype.notify = function (method) {
    this.client.notify(this.id, method, Array.prototype.slice.call(arguments, 1));
  };

  function widget(jsClass, definition) {
    definitions["$" + jsClass] = definition;
  }

  function give(made, methods) {
    for (var name in methods || {}) {
      if (has(methods, name)) {
        made[name] = methods[name];
      }
    }
  }

  /** Make the node of an element from its template. The html is the application's own, rendered by the server. */
  function nodeFrom(html) {
    var holder;
    if (!html || !root.document) {
      return null;
    }
    holder = root.document.createElement("div");
    holder.innerHTML = html;
    return holder.firstChild && !holder.firstChild.nextSibling ? holder.removeChild(holder.firstChild) : holder;
  }

  /** Load one script; `done(problem)` with null when it ran. */
  function loadScript(url, done) {
    var script = root.document.createElement("script");
    var head = root.document.getElementsByTagName("head")[0] || root.document.documentElement;
    script.src = url;
    script.onload = function () { done(null); };
    script.onerror = function () { done("cannot load " + url); };
    script.onreadystatechange = function () {
      if (/loaded|complete/.test(script.readyState)) {
        done(null);
      }
    };
    head.appendChild(script);
  }

  /** Load `urls` one after the other, each once a page. */
  function loadScripts(client, urls, done) {
    var url = urls[0];
    var over = false;
    var timer;
    function finish(problem) {
      if (over) {
        return;
      }
      over = true;
      client.clock.clearTimeout(timer);
      if (problem) {
        done(problem);
        return;
      }
      scripts["$" + url] = true;
      loadScripts(client, urls.slice(1), done);
    }
    if (urls.length === 0) {
      done(null);
    } else if (has(scripts, "$" + url)) {
      loadScripts(client, urls.slice(1), done);
    } else {
      timer = client.clock.setTimeout(function () { finish("no answer in time for " + url); }, SCRIPT_MS);
      (client.options.loadScript || loadScript)(url, finish);
    }
  }

  /** The page's half of an element while and after its scripts load. */
  function Element(id, parent, jsClass) {
    this.id = id;
    this.parent = parent;
    this.jsClass = jsClass;
    this.widget = null;
    this.state = "loading";
    this.queue = [];
  }

  // --- the live client ---------------------------------------------------------------------------------------------

  function LiveClient(options) {
    this.options = options;
    this.clock = options.clock || TwistedChat.clock;
    this.random = options.random || Math.random;
    this.comet = new TwistedChat.Comet(options, this.handler());
    this.channels = {};
    this.leaving = {};
    this.rid = 0;
    this.cid = 0;
    this.joinTimer = null;
    this.begin();
  }
  TwistedChat.eventful(LiveClient);

  /** What comet tells, see `TwistedChat.Comet`. */
  LiveClient.prototype.handler = function () {
    var self = this;
    return {
      opened: function (session) { self.opened(session); },
      message: function (session, text) { self.message(text); },
      heartbeat: function () { self.heartbeat(); },
      closed: function () { self.closed(); },
      stopped: function (code, reason) { self.finish(reason || String(code)); },
      leaving: function (session) { session.sendLast(root.JSON.stringify(["bye"])); },
      status: function (status) { self.emit("status", status); }
    };
  };

  /** A new live client as the server will see it. */
  LiveClient.prototype.begin = function () {
    this.id = TwistedChat.randomId(26, this.random);
    this.secret = TwistedChat.randomId(32, this.random);
    this.n = 0;
    this.life = null;           // which life of this client the server told of in its last welcome
    this.session = null;
    this.ready = false;
    this.over = false;
    this.statedAt = 0;
    this.atTimer = null;
    this.ackTimer = null;
    this.forget();
  };

  LiveClient.prototype.forget = function () {
    this.basket = new Basket();
    this.pending = {};
    this.running = {};
    this.elements = {};
    this.arrivals = [];
  };

  LiveClient.prototype.status = function () {
    return this.comet.last;
  };

  LiveClient.prototype.start = function () {
    if (this.over) {
      this.begin();
    }
    this.comet.start();
  };

  LiveClient.prototype.use = function (transport) {
    this.comet.use(transport);
  };

  LiveClient.prototype.cut = function () {
    this.comet.cut();
  };

  LiveClient.prototype.now = function () {
    if (this.over) {
      this.start();
    } else {
      this.comet.now();
    }
  };

  LiveClient.prototype.close = function () {
    if (this.over) {
      return;
    }
    if (this.ready) {
      this.session.sendLast(root.JSON.stringify(["bye"]));
    }
    this.comet.close();
    this.finish("closed");
  };

  // --- what comet tells ----------------------------------------------------------------------------------------------

  LiveClient.prototype.opened = function (session) {
    this.session = session;
    this.ready = false;
    this.n += 1;
    var hello = {
      v: 1, client: this.id, secret: this.secret, n: this.n, ack: this.basket.had, at: this.positions(),
      root: this.options.root || "chat", args: this.options.args || {}
    };
    if (this.life !== null) {
      hello.life = this.life;
    }
    session.send(root.JSON.stringify(["hello", hello]));
  };

  LiveClient.prototype.message = function (text) {
    var message;
    try {
      message = root.JSON.parse(text);
    } catch (error) {
      log("not JSON from the server");
      return;
    }
    if (Array.isArray(message) && typeof message[0] === "number") {
      this.packet(message);
    } else if (Array.isArray(message) && has(MESSAGES, message[0])) {
      this[MESSAGES[message[0]]].apply(this, message.slice(1));
    }
  };

  var MESSAGES = {
    "welcome": "welcomed", "event": "event", "joined": "answered", "left": "wasLeft", "reset": "wasReset",
    "presence": "presence"
  };

  LiveClient.prototype.heartbeat = function () {
    if (this.ready && this.clock.now() - this.statedAt >= AT_LEAST_MS) {
      this.state();
    }
  };

  LiveClient.prototype.closed = function () {
    this.session = null;
    this.ready = false;
    this.quiet();
  };

  LiveClient.prototype.quiet = function () {
    this.clock.clearTimeout(this.atTimer);
    this.clock.clearTimeout(this.ackTimer);
    this.atTimer = this.ackTimer = null;
  };

  /** It is over for good: pending calls end unknown, widgets are told. */
  LiveClient.prototype.finish = function (reason) {
    if (this.over) {
      return;
    }
    this.over = true;
    this.session = null;
    this.ready = false;
    this.quiet();
    this.clock.clearTimeout(this.joinTimer);
    this.joinTimer = null;
    this.drop(reason);
    this.eachChannel(function (channel) { channel.joined = false; });
  };

  /** End what belongs to one life of the live client. */
  LiveClient.prototype.drop = function (reason) {
    var pending = this.pending;
    var elements = this.elements;
    this.forget();
    Object.keys(elements).sort(function (a, b) { return b - a; }).forEach(function (id) {
      this.bury(elements[id], reason);
    }, this);
    Object.keys(pending).forEach(function (cid) {
      pending[cid].errback(unknown("The connection began anew; nobody can say whether this was done."));
    });
  };

  // --- hello and what follows ----------------------------------------------------------------------------------------

  LiveClient.prototype.welcomed = function (welcome) {
    if (this.life !== null && !welcome.resumed) {
      this.drop("The server began anew");
    }
    this.ready = true;
    this.life = welcome.life;
    this.carryOn(welcome.ack);
    this.comet.welcomed(this.session);
    this.channelsAfter(!!welcome.resumed);
    this.stateLater();
    this.emit("welcome", { resumed: !!welcome.resumed });
  };

  LiveClient.prototype.carryOn = function (ack) {
    if (!this.basket.acknowledged(ack)) {
      log("the server acknowledges what was never sent");
    }
    this.basket.again().forEach(function (packet) { this.session.send(packet); }, this);
  };

  LiveClient.prototype.say = function (message) {
    if (this.ready) {
      this.session.send(root.JSON.stringify(message));
    }
  };

  // --- the basket ------------------------------------------------------------------------------------------------------

  /** Put an action into the basket; false when it is full. */
  LiveClient.prototype.put = function (action, args) {
    var item = this.over ? null : this.basket.put([action, args]);
    if (item !== null && this.ready) {
      this.clearAck();
      this.session.send(this.basket.packet([item]));
    }
    return item !== null;
  };

  LiveClient.prototype.clearAck = function () {
    this.clock.clearTimeout(this.ackTimer);
    this.ackTimer = null;
  };

  LiveClient.prototype.packet = function (packet) {
    var session = this.session;
    if (!this.ready) {
      return;
    }
    if (!this.basket.acknowledged(packet[0])) {
      this.comet.resume("a wrong acknowledgement");
      return;
    }
    (packet[1] || []).forEach(function (item) {
      if (this.session === session) {
        this.take(item);
      }
    }, this);
    if (this.session === session) {
      this.acknowledge();
    }
  };

  LiveClient.prototype.take = function (item) {
    var basket = this.basket;
    if (item[0] <= basket.had) {
      basket.owed += 1;
      return;
    }
    if (item[0] !== basket.had + 1) {
      this.comet.resume("messages are missing");
      return;
    }
    basket.had = item[0];
    basket.owed += 1;
    if (has(ACTIONS, item[1][0])) {
      guard("the action " + item[1][0], this[ACTIONS[item[1][0]]], this, item[1][1]);
    }
  };

  var ACTIONS = {
    "call": "onCall", "respond": "onRespond", "cancel": "onCancel", "notify": "onNotify", "element": "onElement",
    "detach": "onDetach", "close": "onClose"
  };

  LiveClient.prototype.acknowledge = function () {
    var self = this;
    if (this.basket.owed >= ACK_AT_ONCE) {
      this.pureAck();
    } else if (this.basket.owed > 0 && this.ackTimer === null) {
      this.ackTimer = this.clock.setTimeout(function () { self.pureAck(); }, this.random() * ACK_SPREAD_MS);
    }
  };

  LiveClient.prototype.pureAck = function () {
    this.clearAck();
    if (this.ready && this.basket.owed > 0) {
      this.session.send(this.basket.packet([]));
    }
  };

  // --- calls to the server ---------------------------------------------------------------------------------------------

  LiveClient.prototype.callRemote = function (element, method, args) {
    var self = this;
    var cid;
    var deferred;
    if (this.over) {
      return failedWith(refused("Closed", "The connection is closed."));
    }
    cid = "c" + (this.cid += 1);
    if (!this.put("call", [cid, element, method, args])) {
      return failedWith(refused("Overflow", "Too much is waiting to be sent."));
    }
    deferred = new Deferred(function () {
      if (has(self.pending, cid)) {
        delete self.pending[cid];
        self.put("cancel", [cid]);
      }
    });
    this.pending[cid] = deferred;
    return deferred;
  };

  LiveClient.prototype.notify = function (element, method, args) {
    if (!this.put("notify", [element, method, args])) {
      log("not sent: " + method);
    }
  };

  LiveClient.prototype.onRespond = function (cid, ok, value) {
    var deferred = has(this.pending, cid) ? this.pending[cid] : null;
    var error;
    if (deferred === null) {
      return;
    }
    delete this.pending[cid];
    if (ok) {
      deferred.callback(value);
      return;
    }
    error = refused(value && value.error, value && value.text);
    give(error, value);
    error.kind = "refused";
    deferred.errback(error);
  };

  // --- calls from the server -------------------------------------------------------------------------------------------

  /** Run `fn(element)` once the element is there; `absent()` when there is none. */
  LiveClient.prototype.withElement = function (id, fn, absent) {
    var element = has(this.elements, id) ? this.elements[id] : null;
    if (element === null || element.state === "failed" || element.queue.length >= QUEUE) {
      absent();
    } else if (element.state === "loading") {
      element.queue.push(function () { (element.state === "ready" ? fn : absent)(element); });
    } else {
      fn(element);
    }
  };

  function exposedOf(element, method) {
    var exposed = definitions["$" + element.jsClass].exposed;
    return exposed && has(exposed, method) && typeof exposed[method] === "function" ? exposed[method] : null;
  }

  LiveClient.prototype.onCall = function (cid, id, method, args) {
    var self = this;
    var running = this.running;
    running[cid] = true;
    this.withElement(id, function (element) {
      var fn = exposedOf(element, method);
      if (!has(running, cid)) {
        return;
      }
      if (fn === null) {
        self.refuse(running, cid, new SafeError("NotExposed", method));
      } else {
        self.run(running, cid, fn, element.widget, args);
      }
    }, function () { self.refuse(running, cid, new SafeError("NoSuchElement", String(id))); });
  };

  LiveClient.prototype.run = function (running, cid, fn, self, args) {
    var client = this;
    var deferred = new Deferred();
    deferred.addCallback(function () { return fn.apply(self, args); });
    deferred.callback(null);
    running[cid] = deferred;
    deferred.both(function (failed, value) {
      if (failed) {
        client.refuse(running, cid, value);
      } else {
        client.respond(running, cid, [cid, true, value === undefined ? null : value]);
      }
    });
  };

  /** Answer a call of the server, unless it was cancelled or belongs to an earlier life. */
  LiveClient.prototype.respond = function (running, cid, args) {
    if (running !== this.running || !has(running, cid)) {
      return;
    }
    delete running[cid];
    if (!guard("answering " + cid, this.put, this, ["respond", args])) {
      this.put("respond", [cid, false, { error: "Overflow", text: "The answer cannot be sent." }]);
    }
  };

  LiveClient.prototype.refuse = function (running, cid, error) {
    var told = { error: "InternalError", text: "An error in the page.", id: TwistedChat.randomId(8, this.random) };
    if (error instanceof SafeError) {
      told = { error: error.error, text: error.text };
    } else {
      log("error " + told.id + ": " + ((error && (error.stack || error.message || error.text)) || error));
    }
    this.respond(running, cid, [cid, false, told]);
  };

  LiveClient.prototype.onCancel = function (cid) {
    var deferred = has(this.running, cid) ? this.running[cid] : null;
    delete this.running[cid];
    if (deferred instanceof Deferred && deferred.value instanceof Deferred) {
      deferred.value.cancel();
    }
  };

  LiveClient.prototype.onNotify = function (id, method, args) {
    this.withElement(id, function (element) {
      var fn = exposedOf(element, method);
      if (fn === null) {
        log("not exposed: " + element.jsClass + "." + method);
      } else {
        guard(element.jsClass + "." + method, fn, element.widget, args);
      }
    }, function () { log("no element " + id + " for " + method); });
  };

  LiveClient.prototype.onClose = function (reason) {
    this.pureAck();
    this.comet.halt();
    this.comet.tell("closed", { code: 4007, reason: reason });
    this.finish(reason);
  };

  // --- elements --------------------------------------------------------------------------------------------------------

  LiveClient.prototype.onElement = function (id, parent, jsClass, urls, html, args) {
    this.elements[id] = new Element(id, parent, jsClass);
    this.arrivals.push({ element: this.elements[id], urls: urls || [], html: html, args: args || [] });
    if (this.arrivals.length === 1) {
      this.nextArrival();
    }
  };

  /** Make elements one after the other: a child never comes before its parent. */
  LiveClient.prototype.nextArrival = function () {
    var self = this;
    var arrivals = this.arrivals;
    var first = arrivals[0];
    if (!first) {
      return;
    }
    loadScripts(this, first.urls, function (problem) {
      if (arrivals === self.arrivals) {
        guard("making " + first.element.jsClass, self.arrive, self, [first, problem]);
        arrivals.shift();
        self.nextArrival();
      }
    });
  };

  LiveClient.prototype.arrive = function (arrival, problem) {
    var element = arrival.element;
    if (this.elements[element.id] !== element) {
      return;
    }
    if (!problem && !has(definitions, "$" + element.jsClass)) {
      problem = "no widget class " + element.jsClass + " was defined by its scripts";
    }
    if (problem) {
      log("element " + element.id + ": " + problem);
      element.state = "failed";
    } else {
      this.makeWidget(element, arrival);
    }
    element.queue.splice(0).forEach(function (waiting) { waiting(); });
  };

  LiveClient.prototype.makeWidget = function (element, arrival) {
    var definition = definitions["$" + element.jsClass];
    var made = new Widget(this, element.id, element.jsClass, nodeFrom(arrival.html));
    var parent = has(this.elements, element.parent) ? this.elements[element.parent].widget : null;
    give(made, definition.exposed);
    give(made, definition.methods);
    element.widget = made;
    element.state = "ready";
    this.emit("element", made, element.parent);
    if (made.node && !made.node.parentNode && parent && parent.node) {
      parent.node.appendChild(made.node);
    }
    if (definition.init) {
      guard(element.jsClass + ".init", definition.init, made, arrival.args);
    }
  };

  LiveClient.prototype.onDetach = function (id) {
    var element = has(this.elements, id) ? this.elements[id] : null;
    if (element === null) {
      return;
    }
    Object.keys(this.elements).forEach(function (child) {
      if (has(this.elements, child) && this.elements[child].parent === id) {
        this.onDetach(Number(child));
      }
    }, this);
    delete this.elements[id];
    this.bury(element, "detached");
  };

  LiveClient.prototype.bury = function (element, reason) {
    var made = element.widget;
    var definition = definitions["$" + element.jsClass];
    element.state = "failed";
    element.queue.splice(0).forEach(function (waiting) { waiting(); });
    if (made === null) {
      return;
    }
    if (definition.gone) {
      guard(element.jsClass + ".gone", definition.gone, made, [reason]);
    }
    if (made.node && made.node.parentNode) {
      made.node.parentNode.removeChild(made.node);
    }
  };

  // --- channels --------------------------------------------------------------------------------------------------------

  function Channel(name) {
    this.name = name;
    this.handler = null;
    this.position = null;       // [epoch, offset, id], or null before the first answer
    this.joined = false;
    this.wanted = true;         // ask, or ask again on a new session
    this.rid = null;            // of the request that is under way
    this.stated = null;
    this.ids = {};
    this.idRing = [];
    this.version = null;        // of the presence that the page has
    this.countOnly = false;
    this.rewoundAt = null;
    this.askedAt = null;
  }

  Channel.prototype.knows = function (id) {
    return has(this.ids, "$" + id);
  };

  Channel.prototype.remember = function (id) {
    this.ids["$" + id] = true;
    this.idRing.push(id);
    if (this.idRing.length > IDS_KEPT) {
      delete this.ids["$" + this.idRing.shift()];
    }
  };

  Channel.prototype.call = function (name, args) {
    if (typeof this.handler[name] === "function") {
      guard(name + " of " + this.name, this.handler[name], this.handler, args);
    }
  };

  /** Give an event to the handler, unless it has the id already. */
  Channel.prototype.deliver = function (epoch, offset, id, event, at, history) {
    var known = this.knows(id);
    this.position = [epoch, offset, id];
    if (known) {
      return;
    }
    this.remember(id);
    if (has(this.handler.events, event[0])) {
      guard("event " + event[0], this.handler.events[event[0]], this.handler, event.slice(1).concat([
        { channel: this.name, epoch: epoch, offset: offset, id: id, at: at, history: history }
      ]));
    }
  };

  LiveClient.prototype.eachChannel = function (fn) {
    Object.keys(this.channels).forEach(function (name) { fn.call(this, this.channels[name]); }, this);
  };

  LiveClient.prototype.positions = function () {
    var at = {};
    this.eachChannel(function (channel) {
      if (channel.joined && channel.position) {
        at[channel.name] = channel.position;
      }
    });
    return at;
  };

  LiveClient.prototype.join = function (name, handler) {
    var channel = has(this.channels, name) ? this.channels[name] : null;
    if (channel === null) {
      if (Object.keys(this.channels).length >= CHANNELS) {
        guard("refused", handler.refused || function () {}, handler, [refused("Overflow", "Too many channels.")]);
        return;
      }
      channel = this.channels[name] = new Channel(name);
    }
    channel.handler = handler;
    channel.wanted = true;
    this.ask(channel);
  };

  LiveClient.prototype.leave = function (name) {
    if (!has(this.channels, name)) {
      return;
    }
    delete this.channels[name];
    this.leaving[name] = true;
    this.sendLeaving();
  };

  LiveClient.prototype.sendLeaving = function () {
    var names = Object.keys(this.leaving);
    if (names.length > 0) {
      this.say(["leave", this.rid += 1, names]);
    }
  };

  LiveClient.prototype.wasLeft = function (rid, names) {
    names.forEach(function (name) { delete this.leaving[name]; }, this);
  };

  /** Ask for a channel soon, together with others. */
  LiveClient.prototype.ask = function (channel) {
    var self = this;
    channel.rid = 0;
    if (this.ready && this.joinTimer === null) {
      this.joinTimer = this.clock.setTimeout(function () {
        self.joinTimer = null;
        self.sendJoins();
      }, 0);
    }
  };

  LiveClient.prototype.sendJoins = function () {
    var asked = [];
    this.eachChannel(function (channel) {
      if (channel.rid === 0) {
        asked.push(channel);
      }
    });
    while (this.ready && asked.length > 0) {
      this.sendJoin(asked.splice(0, JOIN_AT_ONCE));
    }
  };

  LiveClient.prototype.sendJoin = function (channels) {
    var at = {};
    this.rid += 1;
    channels.forEach(function (channel) {
      channel.rid = this.rid;
      channel.stated = channel.position;
      channel.askedAt = this.clock.now();
      at[channel.name] = channel.position;
      delete this.leaving[channel.name];
    }, this);
    this.say(["join", this.rid, at]);
  };

  /** After a welcome: what is not joined is asked for again; without a resume, that is everything. */
  LiveClient.prototype.channelsAfter = function (resumed) {
    this.eachChannel(function (channel) {
      channel.rewoundAt = null;
      if (!resumed) {
        channel.joined = false;
        channel.rid = null;
      }
      if (channel.wanted && (!channel.joined || channel.rid !== null)) {
        channel.rid = 0;
      }
    });
    if (resumed) {
      this.sendLeaving();
    } else {
      this.leaving = {};
    }
    if (resumed || !this.options.holdJoins) {
      this.sendJoins();
    }
  };

  /** With the option `holdJoins`, ask for the channels now (for a root that wants a login first). */
  LiveClient.prototype.rejoin = function () {
    if (this.ready) {
      this.sendJoins();
    }
  };

  LiveClient.prototype.answered = function (rid, results) {
    Object.keys(results).forEach(function (name) {
      var channel = has(this.channels, name) ? this.channels[name] : null;
      if (channel !== null && channel.rid === rid) {
        channel.rid = null;
        if (has(results[name], "error")) {
          this.wasRefused(channel, results[name]);
        } else {
          this.wasJoined(channel, results[name]);
        }
      }
    }, this);
  };

  LiveClient.prototype.wasRefused = function (channel, result) {
    var error = refused(result.error, result.text);
    give(error, result);
    channel.joined = false;
    channel.wanted = false;
    channel.call("refused", [error]);
  };

  LiveClient.prototype.wasJoined = function (channel, result) {
    var mine = channel.position;
    var again = channel.joined;
    channel.joined = true;
    channel.rewoundAt = null;
    if (!(result.recovered && mine && mine[0] === result.at[0] && mine[1] > result.at[1])) {
      channel.position = result.at;
    }
    if (!again || !result.recovered) {
      result.hole = !result.recovered && channel.stated !== null;
      channel.call("joined", [result]);
      this.giveHistory(channel, result);
    }
    this.setPeople(channel, result.people);
  };

  /** The last entries of a log whose beginning, or whose part after our position, we do not have. */
  LiveClient.prototype.giveHistory = function (channel, result) {
    var epoch = result.at[0];
    var at = channel.position;
    var entries = result.recovered ? [] : result.entries || [];
    if (result.recovered) {
      return;
    }
    if (typeof channel.handler.history === "function") {
      entries.forEach(function (entry) {
        if (!channel.knows(entry[1])) {
          channel.remember(entry[1]);
        }
      });
      channel.call("history", [entries, result.hole, epoch]);
    } else {
      entries.forEach(function (entry) { channel.deliver(epoch, entry[0], entry[1], entry[2], entry[3], true); });
    }
    channel.position = at;
  };

  LiveClient.prototype.event = function (name, offset, id, event, at) {
    var channel = has(this.channels, name) ? this.channels[name] : null;
    if (channel === null || !channel.joined || offset <= channel.position[1]) {
      return;
    }
    if (offset === channel.position[1] + 1) {
      channel.rewoundAt = null;
      channel.deliver(channel.position[0], offset, id, event, at, false);
    } else {
      this.rewind(channel);
    }
  };

  /** A gap: ask the server to go back to what we have; once, and again only after a while. */
  LiveClient.prototype.rewind = function (channel) {
    var now = this.clock.now();
    var at = {};
    if (channel.rewoundAt !== null && now - channel.rewoundAt < REWIND_MS) {
      return;
    }
    log("a gap in " + channel.name);
    channel.rewoundAt = now;
    at[channel.name] = channel.position;
    this.sendState(at, true);
  };

  LiveClient.prototype.wasReset = function (name, reason) {
    var channel = has(this.channels, name) ? this.channels[name] : null;
    if (channel === null) {
      return;
    }
    channel.joined = false;
    channel.version = null;
    channel.wanted = reason !== "removed";
    channel.call("reset", [reason]);
    if (this.channels[name] === channel && channel.wanted) {
      this.ask(channel);
    }
  };

  // --- who is here ---------------------------------------------------------------------------------------------------

  LiveClient.prototype.setPeople = function (channel, people) {
    if (!people) {
      return;
    }
    channel.version = people.version;
    channel.countOnly = !people.list;
    if (people.list) {
      channel.call("presence", [{ kind: "full", version: people.version, people: people.list, count: people.count }]);
    } else {
      channel.call("presence", [{ kind: "count", version: people.version, count: people.count }]);
    }
  };

  LiveClient.prototype.presence = function (name, version, kind, first, second, count) {
    var channel = has(this.channels, name) ? this.channels[name] : null;
    if (channel === null || !channel.joined || (channel.version !== null && version < channel.version)) {
      return;
    }
    if (kind === "full") {
      this.setPeople(channel, { version: version, count: first.length, list: first });
    } else if (kind === "count") {
      this.setPeople(channel, { version: version, count: first, list: null });
    } else if (kind === "delta" && version !== channel.version) {
      this.delta(channel, version, { kind: "delta", version: version, came: first, went: second, count: count });
    }
  };

  LiveClient.prototype.delta = function (channel, version, change) {
    if (version === channel.version + 1 && !channel.countOnly) {
      channel.version = version;
      channel.call("presence", [change]);
    } else if (channel.rid === null && this.clock.now() - channel.askedAt >= REASK_MS) {
      log("presence of " + channel.name + " does not fit");
      this.ask(channel);
    }
  };

  // --- signs of life ---------------------------------------------------------------------------------------------------

  LiveClient.prototype.sendState = function (at, rewind) {
    var message = ["at", this.basket.had, at];
    this.basket.owed = 0;
    this.clearAck();
    this.say(rewind ? message.concat([true]) : message);
  };

  /** State what we have: the server finds a lost tail by it, and that we live. */
  LiveClient.prototype.state = function () {
    this.statedAt = this.clock.now();
    this.sendState(this.positions(), false);
    this.stateLater();
  };

  LiveClient.prototype.stateLater = function () {
    var self = this;
    this.clock.clearTimeout(this.atTimer);
    this.atTimer = this.clock.setTimeout(function () { self.state(); }, AT_MS);
  };

  TwistedChat.Deferred = Deferred;
  TwistedChat.SafeError = SafeError;
  TwistedChat.widget = widget;
  TwistedChat.LiveClient = LiveClient;
}(this));
