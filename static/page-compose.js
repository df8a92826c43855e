/**
 * The message field: Enter sends, Shift+Enter breaks the line, an Enter that ends an IME composition does neither. For a
 * while it may serve something else, such as changing a message; what was written before waits.
 */
(function (page) {
  var IME_MS = 50;
  var MOST_ROWS = 6;
  var dom = page.dom;

  /**
   * `parts`: {form, field, task, taskText, taskEnd}; `owner`: {send(text): whether it was, typed(), editLast(), resized() when
   * it takes more or less room}.
   */
  function Composer(parts, owner) {
    var self = this;
    var form = parts.form;
    var field = parts.field;
    this.parts = parts;
    this.field = field;
    this.owner = owner;
    this.task = null;           // what it serves for a while: {label, text, send(text, done)}
    this.busy = false;          // a task waits for its answer
    this.draft = "";            // what was written before the task
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
      if (self.task === null && field.value !== "" && field.value.charAt(0) !== "/") {
        owner.typed();
      }
    });
    dom.on(parts.taskEnd, "click", function () {
      self.end();
      self.focus();
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
    if (dom.key(event) === "Up" && this.field.value === "" && this.task === null && !this.ofComposition(event)) {
      return !this.owner.editLast();
    }
    if (dom.key(event) !== "Enter" || event.shiftKey || event.altKey || this.ofComposition(event)) {
      return true;
    }
    this.submit();
    return false;
  };

  Composer.prototype.submit = function () {
    var text = this.field.value;
    if (text.trim() === "" || this.busy) {
      return;
    }
    if (this.task !== null) {
      this.perform(this.task, text);
    } else if (this.owner.send(text)) {
      this.write("");
      this.focus();
    }
  };

  // --- tasks ---

  /** Serve `task` until it is done or given up: {label, text, send(text, done)}; `done(true)` ends it. */
  Composer.prototype.begin = function (task) {
    this.end();
    this.draft = this.field.value;
    this.task = task;
    this.show(task.label);
    this.write(task.text);
    this.focus();
    this.field.selectionStart = this.field.selectionEnd = task.text.length;
  };

  Composer.prototype.perform = function (task, text) {
    var self = this;
    this.busy = true;
    task.send(text, function (done) {
      if (self.task === task) {
        self.busy = false;
        if (done) {
          self.end();
        }
      }
    });
  };

  /** Give up the task, if there is one; returns whether there was. */
  Composer.prototype.end = function () {
    var was = this.task !== null;
    if (was) {
      this.task = null;
      this.busy = false;
      this.show("");
      this.write(this.draft);
    }
    return was;
  };

  Composer.prototype.show = function (label) {
    dom.text(this.parts.taskText, label);
    dom.show(this.parts.task, label !== "");
    this.owner.resized();
  };

  Composer.prototype.read = function () {
    return this.field.value;
  };

  Composer.prototype.write = function (text) {
    this.field.value = text;
    this.fit();
  };

  /** Give the field as many rows as its lines need, also those that are broken. */
  Composer.prototype.fit = function () {
    var field = this.field;
    var before = field.rows;
    field.rows = Math.min(MOST_ROWS, field.value.split("\n").length);
    while (field.rows < MOST_ROWS && field.scrollHeight > field.clientHeight + 2) {
      field.rows += 1;
    }
    if (field.rows !== before) {
      this.owner.resized();
    }
  };

  Composer.prototype.focus = function () {
    dom.focus(this.field);
  };

  page.Composer = Composer;
})(twistedchatPage);
