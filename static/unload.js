/*
 * Lets a page with SockJS rest in the back-forward cache. SockJS listens to `unload` as soon as it loads, and a page with
 * such a listener is never kept there; so that one listener is taken for one to `pagehide`. Load it right before SockJS.
 */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var own = TwistedChat.has(root, "addEventListener");
  var listenTo = root.addEventListener;
  var stop = null;
  var ended = null;

  function restore() {
    if (own) {
      root.addEventListener = listenTo;
    } else {
      delete root.addEventListener;
    }
  }

  function listenOnce(event, fn) {
    if (event !== "unload") {
      return listenTo.apply(this || root, arguments);
    }
    restore();
    ended = function (hidden) {
      if (!hidden.persisted) {
        fn(hidden);
      }
    };
    TwistedChat.closeSocketsLast();
    return undefined;
  }

  /** See to it that SockJS closes what is open after all that listens to `pagehide` by now: a last word needs a socket. */
  TwistedChat.closeSocketsLast = function () {
    if (stop !== null) {
      stop();
    }
    stop = ended && TwistedChat.listen(root, "pagehide", ended);
  };

  if (listenTo && "onpagehide" in root) {
    root.addEventListener = listenOnce;
  }
}(this));
