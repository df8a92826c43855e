/**
 * A menu beside what it is about: a message or a person. Arrows, Home and End move in it, Escape and Tab close it, and the
 * focus goes back to where it came from.
 */
(function (page) {
  var GAP_PX = 4;
  var dom = page.dom;

  function Menu(node) {
    var self = this;
    this.node = node;
    this.anchor = null;
    this.items = [];
    dom.on(node, "click", function (event, target) {
      self.pressed(dom.above(target, "data-at", node));
    });
    dom.on(node, "keydown", function (event) {
      return self.keyed(event);
    });
    dom.on(document, "mousedown", function (event, target) {
      if (self.anchor && !within(target, node) && !within(target, self.anchor)) {
        self.close();
      }
    });
    dom.on(window, "resize", function () {
      self.close();
    });
  }

  function within(node, outer) {
    while (node && node !== outer) {
      node = node.parentNode;
    }
    return node === outer;
  }

  /** Show `items` ({label, run, danger}) beside `anchor`; again for the same anchor: close it. */
  Menu.prototype.open = function (anchor, label, items) {
    var node = this.node;
    if (this.anchor === anchor) {
      this.close();
      return;
    }
    this.close();
    this.anchor = anchor;
    dom.set(node, "aria-label", label);
    this.fill(items);
    dom.set(anchor, "aria-expanded", "true");
    dom.show(node, true);
    this.put(anchor.getBoundingClientRect());
    dom.focus(node.firstChild);
  };

  Menu.prototype.fill = function (items) {
    var node = this.node;
    this.items = items;
    dom.empty(node);
    items.forEach(function (item, at) {
      node.appendChild(dom.make("button", {
        type: "button", role: "menuitem", tabindex: "-1", "data-at": at, "class": item.danger ? "danger" : ""
      }, [item.label]));
    });
  };

  /** Below the anchor where there is room, else above it; never outside of the window. */
  Menu.prototype.put = function (box) {
    var node = this.node;
    var height = node.offsetHeight;
    var all = document.documentElement;
    var below = box.bottom + GAP_PX + height <= all.clientHeight;
    var top = below ? box.bottom + GAP_PX : Math.max(GAP_PX, box.top - GAP_PX - height);
    var left = Math.max(GAP_PX, Math.min(box.left, all.clientWidth - node.offsetWidth - GAP_PX));
    node.style.top = top + "px";
    node.style.left = left + "px";
  };

  /** Close it; returns whether it was open. */
  Menu.prototype.close = function () {
    var anchor = this.anchor;
    var inside = within(document.activeElement, this.node);
    if (anchor) {
      this.anchor = null;
      dom.show(this.node, false);
      dom.set(anchor, "aria-expanded", null);
      if (inside) {
        dom.focus(anchor);
      }
    }
    return anchor !== null;
  };

  Menu.prototype.pressed = function (button) {
    var item = button && this.items[Number(button.getAttribute("data-at"))];
    if (item && item.items) {
      this.fill(item.items);
      dom.focus(this.node.firstChild);
    } else if (item) {
      this.close();
      item.run();
    }
  };

  Menu.prototype.keyed = function (event) {
    var key = dom.key(event);
    var buttons = this.node.childNodes;
    var count = buttons.length;
    var at = 0;
    var to;
    while (at < count && buttons[at] !== document.activeElement) {
      at++;
    }
    to = { Down: (at + 1) % count, Up: (at + count - 1) % count, Home: 0, End: count - 1 }[key];
    if (key === "Tab") {
      this.close();
    }
    if (to === undefined) {
      return true;
    }
    dom.focus(buttons[to]);
    return false;
  };

  page.Menu = Menu;
})(twistedchatPage);
