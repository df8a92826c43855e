/* The page's halves of the server's elements: their scripts, their widgets, their nodes. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var give = TwistedChat.give;
  var guard = TwistedChat.guard;
  var has = TwistedChat.has;
  var log = TwistedChat.log;

  var QUEUE = 1000;               // calls for an element whose scripts still load
  var SCRIPT_MS = 20000;

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

  /** The elements of one life of `client` (a `TwistedChat.LiveClient`). */
  function Elements(client) {
    this.client = client;
    this.byId = {};
    this.arrivals = [];
    this.over = false;
  }

  Elements.prototype.add = function (id, parent, jsClass, urls, html, args) {
    this.byId[id] = new Element(id, parent, jsClass);
    this.arrivals.push({ element: this.byId[id], urls: urls || [], html: html, args: args || [] });
    if (this.arrivals.length === 1) {
      this.nextArrival();
    }
  };

  /** Make elements one after the other: a child never comes before its parent. */
  Elements.prototype.nextArrival = function () {
    var self = this;
    var arrivals = this.arrivals;
    var first = arrivals[0];
    if (!first) {
      return;
    }
    loadScripts(this.client, first.urls, function (problem) {
      if (!self.over) {
        guard("making " + first.element.jsClass, self.arrive, self, [first, problem]);
        arrivals.shift();
        self.nextArrival();
      }
    });
  };

  Elements.prototype.arrive = function (arrival, problem) {
    var element = arrival.element;
    if (this.byId[element.id] !== element) {
      return;
    }
    if (!problem && !has(definitions, "$" + element.jsClass)) {
      problem = "no widget class " + element.jsClass + " was defined by its scripts";
    }
    if (problem) {
      log("element " + element.id + ": " + problem);
      if (root.console && root.console.error) {
        root.console.error("TwistedChat: " + problem);
      }
      element.state = "failed";
    } else {
      this.makeWidget(element, arrival);
    }
    element.queue.splice(0).forEach(function (waiting) { waiting(); });
  };

  Elements.prototype.makeWidget = function (element, arrival) {
    var definition = definitions["$" + element.jsClass];
    var made = new Widget(this.client, element.id, element.jsClass, nodeFrom(arrival.html));
    var parent = has(this.byId, element.parent) ? this.byId[element.parent].widget : null;
    give(made, definition.exposed);
    give(made, definition.methods);
    element.widget = made;
    element.state = "ready";
    this.client.emit("element", made, element.parent);
    if (made.node && !made.node.parentNode && parent && parent.node) {
      parent.node.appendChild(made.node);
    }
    if (definition.init) {
      guard(element.jsClass + ".init", definition.init, made, arrival.args);
    }
  };

  Elements.prototype.detach = function (id) {
    var element = has(this.byId, id) ? this.byId[id] : null;
    if (element === null) {
      return;
    }
    Object.keys(this.byId).forEach(function (child) {
      if (has(this.byId, child) && this.byId[child].parent === id) {
        this.detach(Number(child));
      }
    }, this);
    delete this.byId[id];
    this.bury(element, "detached");
  };

  Elements.prototype.bury = function (element, reason) {
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

  /** The life of the client is over: every widget is told, the youngest first. */
  Elements.prototype.end = function (reason) {
    var byId = this.byId;
    this.over = true;
    this.byId = {};
    Object.keys(byId).sort(function (a, b) { return b - a; }).forEach(function (id) {
      this.bury(byId[id], reason);
    }, this);
  };

  /** Run `fn(element)` once the element is there; `absent()` when there is none. */
  Elements.prototype.whenThere = function (id, fn, absent) {
    var element = has(this.byId, id) ? this.byId[id] : null;
    if (element === null || element.state === "failed" || element.queue.length >= QUEUE) {
      absent();
    } else if (element.state === "loading") {
      element.queue.push(function () { (element.state === "ready" ? fn : absent)(element); });
    } else {
      fn(element);
    }
  };

  /** Return what the widget's definition exposes under this name, or null. */
  function exposedOf(element, method) {
    var exposed = definitions["$" + element.jsClass].exposed;
    return exposed && has(exposed, method) && typeof exposed[method] === "function" ? exposed[method] : null;
  }

  TwistedChat.widget = widget;
  TwistedChat.Elements = Elements;
  TwistedChat.exposedOf = exposedOf;
}(this));
