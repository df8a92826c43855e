/**
 * How the lines of the log (page-lines.js) are drawn: what is said, what happened in the room, what the page itself tells.
 */
(function (page) {
  var GROUP_S = 300;
  var HOLES = {
    missing: "Some messages are missing here",
    forgotten: "The server has forgotten what was said here before",
    restarted: "The server was restarted and has forgotten what was said before"
  };
  var SAID = { message: true, action: true, notice: true };
  var HAPPENED = { topic: true, order: true };
  var CLASSES = { action: "action", notice: "remark", command: "command" };
  var dom = page.dom;
  var draw = page.draw = {};

  function has(table, name) {
    return Object.prototype.hasOwnProperty.call(table, name);
  }

  /** Return the element of a line, made anew; `line.parts` are those of its parts that change. */
  draw.build = function (line) {
    line.shape = shapeOf(line);
    BUILD[line.shape](line);
    if (line.message) {
      draw.refresh(line);
    }
    return line.node;
  };

  /** Whether the line needs another element by now: a command has become what it put into the log. */
  draw.outgrown = function (line) {
    return line.shape !== shapeOf(line);
  };

  /** Whether a message says something to the others: what merely happened is no news to come back for. */
  draw.isSaid = function (message) {
    return has(SAID, message.kind);
  };

  function shapeOf(line) {
    return line.kind === "message" && has(HAPPENED, line.message.kind) ? "happened" : line.kind;
  }

  function messageNode(line) {
    var message = line.message;
    var parts = line.parts = {
      author: dom.make("span", { "class": "author", dir: "auto" }, [message.mine ? "You" : message.from.name]),
      text: dom.make("div", { "class": "text", dir: "auto" }),
      time: dom.make("span", { "class": "time" }),
      state: dom.make("div", { "class": "state" }),
      more: dom.make("button", { type: "button", "class": "more-button", tabindex: "-1", "aria-haspopup": "menu" }, ["\u22ef"])
    };
    line.node = dom.make("div", { "data-id": message.id, "data-from": message.from.key }, [
      dom.avatar(message.from), parts.more,
      dom.make("div", { "class": "body" }, [parts.author, parts.text, parts.time, parts.state])
    ]);
    dom.set(parts.more, "aria-label", "What to do with this message");
  }

  function happenedNode(line) {
    line.parts = null;
    line.node = dom.make("div", { "class": "notice" });
  }

  function noticeNode(line) {
    line.node = dom.make("div", { "class": "notice", title: dom.clock(line.at) }, [line.text]);
  }

  function answerNode(line) {
    line.node = dom.make("div", { "class": "answer", dir: "auto" }, [
      dom.make("span", { "class": "hint" }, ["Only you see this"]), dom.linked(dom.make("div", {}), line.text)
    ]);
  }

  function holeNode(line) {
    line.node = dom.make("div", { "class": "hole" }, [HOLES[line.why]].concat(line.why === "missing" ? [
      dom.make("button", { type: "button", "class": "earlier", "data-fill": "" }, ["Show them"])
    ] : []));
  }

  var BUILD = { message: messageNode, happened: happenedNode, notice: noticeNode, answer: answerNode, hole: holeNode };

  /** Bring a drawn line up to what the room has of it. */
  draw.refresh = function (line) {
    if (line.shape === "happened") {
      refreshHappened(line);
    } else {
      refreshMessage(line);
    }
  };

  function refreshHappened(line) {
    var message = line.message;
    dom.set(line.node, "title", dom.fullTime(message.at));
    dom.text(line.node, message.kind === "topic" ? page.topicText(message) : page.orderText(message));
  }

  function refreshMessage(line) {
    var message = line.message;
    var node = line.node;
    var again = dom.hasClass(node, "again");
    dom.set(node, "class", "message" + (has(CLASSES, message.kind) ? " " + CLASSES[message.kind] : ""));
    dom.mark(node, "again", again);
    dom.mark(node, "mine", message.mine);
    dom.mark(node, "deleted", message.deleted);
    dom.set(node, "data-state", message.state);
    dom.set(node, "data-offset", message.offset);
    dom.show(line.parts.more, message.offset !== null && !message.deleted && !line.past);
    refreshText(line, words(message));
    refreshTime(line);
    refreshState(line);
  }

  function words(message) {
    if (message.deleted) {
      return "This message was deleted";
    }
    return (message.kind === "action" ? "* " + message.from.name + " " : "") + message.text;
  }

  /** A changed text is no new message: it is not read aloud. */
  function refreshText(line, text) {
    var node = line.parts.text;
    if (line.words !== undefined && line.words !== text && node.firstChild) {
      dom.set(node, "aria-live", "off");
    }
    if (line.words !== text || !node.firstChild) {
      dom.empty(node);
      dom.linked(node, text);
      line.words = text;
    }
  }

  function refreshTime(line) {
    var message = line.message;
    dom.set(line.parts.time, "title", dom.fullTime(message.at));
    dom.text(line.parts.time, dom.clock(message.at) + (message.edited ? " \u00b7 edited" : ""));
    dom.mark(line.parts.time, "edited", message.edited);
  }

  function refreshState(line) {
    var message = line.message;
    var state = line.parts.state;
    dom.empty(state);
    if (message.state === "failed") {
      state.appendChild(dom.make("span", {}, ["Not sent" + (message.error ? ": " + message.error : "") + " "]));
      state.appendChild(dom.make("button", { type: "button", "class": "retry", "data-retry": message.id }, ["Retry"]));
      state.appendChild(document.createTextNode(" "));
      state.appendChild(dom.make("button", { type: "button", "class": "retry", "data-discard": message.id }, ["Discard"]));
    }
  }

  /** Say how a line follows the one before it: same author again, first of a day. */
  draw.follow = function (line, before) {
    if (!line || line.kind !== "message" || !line.node) {
      return;
    }
    var last = before && before.kind === "message" ? before.message : null;
    var newDay = !last || dom.day(last.at) !== dom.day(line.message.at);
    var shownDay = newDay && (!before || last !== null);
    var again = !newDay && isTalk(last) && isTalk(line.message) && last.from.key === line.message.from.key &&
      line.message.at - last.at < GROUP_S;
    dom.mark(line.node, "again", again && line.shape === "message");
    dom.set(line.node, "data-day", shownDay ? dom.dayName(line.message.at) : null);
  };

  function isTalk(message) {
    return message.kind === "message" || message.kind === "notice" || message.kind === "command";
  }

  /** Return what an element of the log shows: {id, offset, from, text, state}, from the DOM and not from the model. */
  draw.read = function (node) {
    var parts = node.lastChild.childNodes;
    var offset = node.getAttribute("data-offset");
    return {
      id: node.getAttribute("data-id"), from: node.getAttribute("data-from"), state: node.getAttribute("data-state"),
      offset: offset === null ? null : Number(offset), text: parts[1].textContent || parts[1].innerText || ""
    };
  };
})(twistedchatPage);
