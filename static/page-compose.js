/**
 * The message field: Enter sends, Shift+Enter breaks the line, an Enter that ends an IME composition does neither.
 */
(function (page) {
  var IME_MS = 50;
  var MOST_ROWS = 6;
  var dom = page.dom;

  /** `send(text)` is called with what is to be sent; `resized()` when the field takes more or less room. */
  function Composer(form, field, send, resized) {
    var self = this;
    this.field = field;
    this.send = send;
    this.resized = resized;
    this.composing = false;
    this.composedAt = 0;
    dom.on(field, "compositionstart", function () {
      self.composing = true;
    });
    dom.on(field, "compositionend", function () {
      self.composing = false;
      self.composedAt = Date.now();
    });
    dom.on(field, "keyup", function () {
      self.composedAt = 0;
      self.fit();
    });
    dom.on(field, "input", function () {
      self.fit();
    });
    dom.on(field, "keydown", function (event) {
      return self.keyed(event);
    });
    dom.on(form, "submit", function () {
      self.submit();
      return false;
    });
  }

  // Chromium and Firefox say isComposing, older ones keyCode 229. WebKit ends the composition first and sends the
  // keydown in the same burst, in old versions as a plain 13.
  Composer.prototype.ofComposition = function (event) {
    return this.composing || event.isComposing || event.keyCode === 229 || Date.now() - this.composedAt < IME_MS;
  };

  Composer.prototype.keyed = function (event) {
    if (dom.key(event) !== "Enter" || event.shiftKey || event.altKey || this.ofComposition(event)) {
      return true;
    }
    this.submit();
    return false;
  };

  Composer.prototype.submit = function () {
    var text = this.field.value;
    if (text.trim() !== "" && this.send(text)) {
      this.write("");
      this.focus();
    }
  };

  Composer.prototype.read = function () {
    return this.field.value;
  };

  Composer.prototype.write = function (text) {
    this.field.value = text;
    this.fit();
  };

  /** Give the field as many rows as it has lines. */
  Composer.prototype.fit = function () {
    var rows = Math.min(MOST_ROWS, this.field.value.split("\n").length);
    if (this.field.rows !== rows) {
      this.field.rows = rows;
      this.resized();
    }
  };

  Composer.prototype.focus = function () {
    dom.focus(this.field);
  };

  page.Composer = Composer;
})(twistedchatPage);
