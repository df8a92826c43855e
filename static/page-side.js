/**
 * The lists beside the log. `List` keeps a <ul> equal to a list of items with few changes, so that focus stays where it
 * is, and has one tab stop: arrows, Home and End move within it. `Drawers` are those lists on a narrow screen.
 */
(function (page) {
  var dom = page.dom;
  var STEPS = { Up: -1, Down: 1, Home: -Infinity, End: Infinity };

  /**
   * Keep `ul` showing items. `attribute` carries the item's key; `build()` makes an <li> whose first child takes the
   * focus, `update(li, item)` fills it, `choose(item, li)` is called when it is pressed. With `plain` the rows are no
   * buttons, and have as many tab stops as they like.
   */
  function List(ul, attribute, parts) {
    this.ul = ul;
    this.attribute = attribute;
    this.parts = parts;
    this.rows = [];
    this.stop = null;
    if (!parts.plain) {
      this.listen();
    }
  }

  List.prototype.listen = function () {
    var self = this;
    var ul = this.ul;
    dom.on(ul, "keydown", function (event) {
      return self.keyed(event);
    });
    dom.on(ul, "click", function (event, target) {
      var li = dom.above(target, self.attribute, ul);
      if (li) {
        self.chosen(li);
      }
    });
  };

  /** Show `items` (each with a `key`), in their order. */
  List.prototype.show = function (items) {
    var old = {};
    var ul = this.ul;
    var self = this;
    this.rows.forEach(function (row) {
      old["k:" + row.item.key] = row;
    });
    this.rows = items.map(function (item) {
      var row = old["k:" + item.key] || { li: self.parts.build() };
      delete old["k:" + item.key];
      row.item = item;
      dom.set(row.li, self.attribute, item.key);
      self.parts.update(row.li, item);
      return row;
    });
    Object.keys(old).forEach(function (key) {
      ul.removeChild(old[key].li);
    });
    this.order();
    if (!this.parts.plain) {
      this.rove(this.stop);
    }
  };

  List.prototype.order = function () {
    var ul = this.ul;
    this.rows.forEach(function (row, at) {
      if (ul.childNodes[at] !== row.li) {
        ul.insertBefore(row.li, ul.childNodes[at] || null);
      }
    });
  };

  /** Make the row with `key` (or the first) the one that Tab reaches. */
  List.prototype.rove = function (key) {
    var rows = this.rows;
    var at = Math.max(0, this.indexOf(key));
    this.stop = rows.length ? rows[at].item.key : null;
    rows.forEach(function (row, i) {
      dom.set(row.li.firstChild, "tabindex", i === at ? "0" : "-1");
    });
  };

  List.prototype.indexOf = function (key) {
    var at = this.rows.length - 1;
    while (at >= 0 && this.rows[at].item.key !== key) {
      at--;
    }
    return at;
  };

  /** Focus the row that Tab reaches; returns whether there is one. */
  List.prototype.reach = function () {
    var at = this.indexOf(this.stop);
    return at >= 0 && dom.focus(this.rows[at].li.firstChild);
  };

  List.prototype.keyed = function (event) {
    var step = STEPS[dom.key(event)];
    var to;
    if (step === undefined || !this.rows.length) {
      return true;
    }
    to = Math.min(this.rows.length - 1, Math.max(0, this.indexOf(this.stop) + step));
    this.rove(this.rows[to].item.key);
    dom.focus(this.rows[to].li.firstChild);
    return false;
  };

  List.prototype.chosen = function (li) {
    var at = this.indexOf(li.getAttribute(this.attribute));
    if (at >= 0) {
      this.rove(this.rows[at].item.key);
      this.parts.choose(this.rows[at].item, li);
    }
  };

  // --- rows ---

  /** A row of the room lists. Items: {key, title, count, person, joined, current, unread, note}; `note` stands for a count. */
  page.roomRow = {
    build: function () {
      return dom.make("li", {}, [
        dom.make("button", { type: "button", "class": "row" }, [
          dom.make("span", { "class": "mark", "aria-hidden": "true" }),
          dom.make("span", { "class": "label", dir: "auto" }),
          dom.make("span", { "class": "badge" }),
          dom.make("span", { "class": "count" })
        ])
      ]);
    },
    update: function (li, item) {
      var button = li.firstChild;
      var parts = button.childNodes;
      dom.text(parts[0], item.person ? dom.initials(item.person.name) : "#");
      dom.set(parts[0], "class", item.person ? "mark avatar small " + dom.hue(item.person.key) : "mark");
      dom.text(parts[1], item.title);
      dom.text(parts[2], item.unread > 99 ? "99+" : item.unread ? String(item.unread) : "");
      dom.set(parts[2], "aria-label", item.unread ? item.unread + " unread" : null);
      dom.text(parts[3], item.count === null ? item.note || "" : String(item.count));
      dom.set(parts[3], "aria-label", item.count === null ? null : item.count + " here");
      dom.set(button, "aria-current", item.current ? "true" : null);
      dom.mark(li, "joined", item.joined);
      dom.mark(li, "unread", item.unread > 0);
    }
  };

  /** A row of the list of people. Items: {key, name, you, blocked}. */
  page.personRow = {
    build: function () {
      return dom.make("li", {}, [
        dom.make("button", { type: "button", "class": "row", "aria-haspopup": "menu" }, [
          dom.make("span", { "class": "avatar small", "aria-hidden": "true" }),
          dom.make("span", { "class": "label", dir: "auto" }),
          dom.make("span", { "class": "self" })
        ])
      ]);
    },
    update: function (li, item) {
      var button = li.firstChild;
      dom.text(button.childNodes[0], dom.initials(item.name));
      dom.set(button.childNodes[0], "class", "avatar small " + dom.hue(item.key));
      dom.text(button.childNodes[1], item.name);
      dom.text(button.childNodes[2], item.you ? " (you)" : item.blocked ? " blocked" : "");
      dom.set(button, "title", item.name);
      dom.mark(li, "you", item.you);
    }
  };

  // --- narrow screens ---

  /** Opens one of the side lists over the log: `drawers` are {name, button, node}; `app` gets the class "show-NAME". */
  function Drawers(app, scrim, drawers) {
    var self = this;
    this.app = app;
    this.drawers = drawers;
    this.current = null;
    drawers.forEach(function (drawer) {
      dom.on(drawer.button, "click", function () {
        self.open(self.current === drawer ? null : drawer);
      });
    });
    dom.on(scrim, "click", function () {
      self.open(null);
    });
  }

  Drawers.prototype.open = function (wanted) {
    var app = this.app;
    var before = this.current;
    this.current = wanted;
    this.drawers.forEach(function (drawer) {
      dom.mark(app, "show-" + drawer.name, drawer === wanted);
      dom.set(drawer.button, "aria-expanded", drawer === wanted);
    });
    if (wanted) {
      dom.focus(wanted.node);
    } else if (before) {
      dom.focus(before.button);
    }
  };

  /** Open the list called `name` where it is not in view anyway. */
  Drawers.prototype.show = function (name) {
    this.drawers.forEach(function (drawer) {
      if (drawer.name === name && drawer.button.offsetWidth > 0) {
        this.open(drawer);
      }
    }, this);
  };

  /** Close what is open; returns whether something was. */
  Drawers.prototype.close = function () {
    var was = this.current !== null;
    if (was) {
      this.open(null);
    }
    return was;
  };

  page.List = List;
  page.Drawers = Drawers;
})(twistedchatPage);
