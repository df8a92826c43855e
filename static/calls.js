/* Calls in both directions: each runs at most once, and its caller learns done, refused or unknown. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var Deferred = TwistedChat.Deferred;
  var SafeError = TwistedChat.SafeError;
  var exposedOf = TwistedChat.exposedOf;
  var failedWith = TwistedChat.failedWith;
  var give = TwistedChat.give;
  var guard = TwistedChat.guard;
  var has = TwistedChat.has;
  var log = TwistedChat.log;
  var refused = TwistedChat.refused;

  /** The calls of one life of `client` (a `TwistedChat.LiveClient`), in both directions. */
  function Calls(client) {
    this.client = client;
    this.pending = {};          // Deferreds of our calls
    this.running = {};          // the server's calls that are not answered yet
  }

  /** Whether the client has begun another life since. */
  Calls.prototype.isOld = function () {
    return this.client.calls !== this;
  };

  /** Put something about a call into the basket, unless that is another life's by now; false when the basket is full. */
  Calls.prototype.tell = function (action, args) {
    return this.isOld() || this.client.put(action, args);
  };

  // --- to the server -------------------------------------------------------------------------------------------------

  Calls.prototype.call = function (element, method, args) {
    var self = this;
    var cid;
    var deferred;
    if (this.client.over) {
      return failedWith(refused("Closed", "The connection is closed."));
    }
    cid = this.client.nextCall();
    if (!this.client.put("call", [cid, element, method, args])) {
      return failedWith(refused("Overflow", "Too much is waiting to be sent."));
    }
    deferred = new Deferred(function () {
      if (has(self.pending, cid)) {
        delete self.pending[cid];
        self.tell("cancel", [cid]);
      }
    });
    this.pending[cid] = deferred;
    return deferred;
  };

  Calls.prototype.notify = function (element, method, args) {
    if (!this.client.put("notify", [element, method, args])) {
      log("not sent: " + method);
    }
  };

  Calls.prototype.onRespond = function (cid, ok, value) {
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

  // --- from the server -----------------------------------------------------------------------------------------------

  Calls.prototype.onCall = function (cid, id, method, args) {
    var self = this;
    this.running[cid] = true;
    this.client.elements.whenThere(id, function (element) {
      var fn = exposedOf(element, method);
      if (!has(self.running, cid)) {
        return;
      }
      if (fn === null) {
        self.refuse(cid, new SafeError("NotExposed", method));
      } else {
        self.run(cid, fn, element.widget, args);
      }
    }, function () { self.refuse(cid, new SafeError("NoSuchElement", String(id))); });
  };

  Calls.prototype.run = function (cid, fn, widget, args) {
    var self = this;
    var deferred = new Deferred();
    deferred.addCallback(function () { return fn.apply(widget, args); });
    deferred.callback(null);
    this.running[cid] = deferred;
    deferred.both(function (failed, value) {
      if (failed) {
        self.refuse(cid, value);
      } else {
        self.respond(cid, [cid, true, value === undefined ? null : value]);
      }
    });
  };

  /** Answer a call of the server, unless it was cancelled. */
  Calls.prototype.respond = function (cid, args) {
    if (!has(this.running, cid)) {
      return;
    }
    delete this.running[cid];
    if (!guard("answering " + cid, this.tell, this, ["respond", args])) {
      this.tell("respond", [cid, false, { error: "Overflow", text: "The answer cannot be sent." }]);
    }
  };

  Calls.prototype.refuse = function (cid, error) {
    var told = {
      error: "InternalError", text: "An error in the page.", id: TwistedChat.randomId(8, this.client.random)
    };
    if (error instanceof SafeError) {
      told = { error: error.error, text: error.text };
    } else {
      log("error " + told.id + ": " + ((error && (error.stack || error.message || error.text)) || error));
    }
    this.respond(cid, [cid, false, told]);
  };

  Calls.prototype.onCancel = function (cid) {
    var deferred = has(this.running, cid) ? this.running[cid] : null;
    delete this.running[cid];
    if (deferred instanceof Deferred && deferred.value instanceof Deferred) {
      deferred.value.cancel();
    }
  };

  Calls.prototype.onNotify = function (id, method, args) {
    this.client.elements.whenThere(id, function (element) {
      var fn = exposedOf(element, method);
      if (fn === null) {
        log("not exposed: " + element.jsClass + "." + method);
      } else {
        guard(element.jsClass + "." + method, fn, element.widget, args);
      }
    }, function () { log("no element " + id + " for " + method); });
  };

  /** The life of the client is over: nobody can say what became of our calls, and nobody wants our answers. */
  Calls.prototype.end = function () {
    var pending = this.pending;
    this.pending = {};
    this.running = {};
    Object.keys(pending).forEach(function (cid) {
      pending[cid].errback(TwistedChat.unknown("The connection began anew; nobody can say whether this was done."));
    });
  };

  TwistedChat.Calls = Calls;
}(this));
