/**
 * The page of `twistd chat --element`: starts a live client and puts the root element's node into #live.
 *
 * The page's parameters: transport=NAME stay on one. For tests: window.twistedchatLive is the TwistedChat.LiveClient,
 * #live-status[data-state][data-transport] its state.
 */
(function (page) {
  var dom = page.dom;
  var place = dom.byId("live");
  var words = {
    connecting: "Connecting\u2026",
    waiting: "The connection was lost. Trying again\u2026",
    closed: "Disconnected. Reload the page to come back."
  };
  var client = window.twistedchatLive = new TwistedChat.LiveClient({
    url: dom.absolute(document.body.getAttribute("data-comet") || "comet"),
    root: document.body.getAttribute("data-root") || "element",
    transports: dom.names("data-transports") || undefined,
    transport: dom.transport()
  });

  client.on("element", function (widget, parent) {
    if (parent === 0 && widget.node) {
      dom.empty(place);
      place.appendChild(widget.node);
    }
  });
  client.on("status", function (status) {
    var line = dom.byId("live-status");
    dom.set(line, "data-state", status.state);
    dom.set(line, "data-transport", status.transport || "");
    dom.text(line, words[status.state] || "");
  });
  client.start();
})(twistedchatPage);
