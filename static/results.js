/* How things turn out: results that come later, and the ways in which a call can fail. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;

  var TRIES = 6;                 // of what the server wants later
  var RETRY_S = 2;               // when it does not say how much later
  var AWAY_S = 30;               // for so long what we say waits for a store that is away

  /** Errors that time heals. */
  var PASSING = { TooFast: true, StoreUnavailable: true, StoreUnknown: true };

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

  /**
   * Seconds after which what failed `times` times is done again, with the same id; null when it is not. `away`: for how
   * many seconds it has waited for the store, where that counts and not how often.
   */
  function retryAfter(error, times, away) {
    var heals = error.kind === "refused" && has(PASSING, error.error) &&
      (away === undefined ? times < TRIES : away < AWAY_S);
    return heals ? error.retry || RETRY_S : null;
  }

  TwistedChat.SafeError = SafeError;
  TwistedChat.Deferred = Deferred;
  TwistedChat.failedWith = failedWith;
  TwistedChat.refused = refused;
  TwistedChat.unknown = unknown;
  TwistedChat.retryAfter = retryAfter;
}(this));
