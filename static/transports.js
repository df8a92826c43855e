/* Which transport to use: what this browser can do, what proved itself, what failed. Never by the browser's name. */
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

  var YOUNG_MS = 60000;         // a death so soon after opening speaks against the transport
  var DEATHS = 2;
  var DEMOTED_MS = 300000;

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

  // --- what was learnt on this page ----------------------------------------------------------------------------------

  /** `order`: the best first. `foreign`: whether the server is on another origin. */
  function Transports(order, foreign, clock) {
    this.order = order || TRANSPORTS;
    this.foreign = foreign;
    this.clock = clock;
    this.failed = {};           // in this round of attempts
    this.demoted = {};          // until when
    this.deaths = {};           // soon after opening, in a row
  }

  Transports.prototype.capable = function (transport) {
    return has(CAPABLE, transport) && !!TwistedChat.guard("asking for " + transport, CAPABLE[transport], null, [this.foreign]);
  };

  Transports.prototype.isDemoted = function (transport) {
    return has(this.demoted, transport) && this.demoted[transport] > this.clock.now();
  };

  Transports.prototype.demote = function (transport) {
    log("demoted " + transport);
    this.demoted[transport] = this.clock.now() + DEMOTED_MS;
    delete this.deaths[transport];
  };

  /** The transports to try in this round, the best first; demoted ones come last, the longest demoted before. */
  Transports.prototype.choices = function () {
    var self = this;
    var able = this.order.filter(function (transport) {
      return self.capable(transport) && !has(self.failed, transport);
    });
    var demoted = able.filter(this.isDemoted, this).sort(function (first, second) {
      return self.demoted[first] - self.demoted[second];
    });
    return able.filter(function (transport) { return !self.isDemoted(transport); }).concat(demoted);
  };

  /** Better ones than `transport` that are worth a try now. */
  Transports.prototype.better = function (transport) {
    var place = this.order.indexOf(transport);
    return this.order.slice(0, place < 0 ? this.order.length : place).filter(function (other) {
      return this.capable(other) && !this.isDemoted(other);
    }, this);
  };

  /** The transport that stands in for `transport` where polls must be brief. */
  Transports.prototype.brief = function (transport) {
    if (isPolling(transport)) {
      return transport;
    }
    return this.capable("xhr-polling") ? "xhr-polling" : "jsonp-polling";
  };

  /** It did not work, which says something only once another one has worked. */
  Transports.prototype.hasFailed = function (transport) {
    this.failed[transport] = true;
  };

  /** One of them carried a message: the ones that failed before it were themselves at fault. */
  Transports.prototype.oneWorks = function () {
    Object.keys(this.failed).forEach(this.demote, this);
    this.failed = {};
  };

  /** A new round: all that failed deserve another chance. */
  Transports.prototype.newRound = function () {
    this.failed = {};
  };

  /** It had worked, and broke `ageMs` after opening. */
  Transports.prototype.died = function (transport, ageMs) {
    if (ageMs >= YOUNG_MS) {
      delete this.deaths[transport];
      return;
    }
    this.deaths[transport] = (has(this.deaths, transport) ? this.deaths[transport] : 0) + 1;
    if (this.deaths[transport] >= DEATHS) {
      this.demote(transport);
    }
  };

  /** Another network: what was learnt does not hold there. */
  Transports.prototype.forget = function () {
    this.demoted = {};
    this.deaths = {};
  };

  TwistedChat.TRANSPORTS = TRANSPORTS;
  TwistedChat.Transports = Transports;
  TwistedChat.isForeign = isForeign;
  TwistedChat.waitsForLoad = waitsForLoad;
  TwistedChat.whenLoaded = whenLoaded;
}(this));
