"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { STATIC } = require("./harness");

const PAGES = ["index.html", "live.html", "demo.html"];
const HUES = 12;
const ENOUGH = 4.5;      // WCAG 2.2, 1.4.3: small letters on their ground

const read = (name) => fs.readFileSync(path.join(STATIC, name), "utf8");
const page = read("page.css");
const light = properties(block(page, ":root"));
const dark = properties(block(read("dark.css"), ":root"));
const themes = { light, dark: { ...light, ...dark } };

/** What stands between the braces after a selector. */
function block(css, selector) {
  const from = css.indexOf(selector + " {");
  assert.ok(from >= 0, selector);
  return css.slice(from + selector.length + 2, css.indexOf("}", from));
}

/** The custom properties of a block, by name. */
function properties(text) {
  return Object.fromEntries([...text.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((found) => [found[1], found[2]]));
}

/** Red, green and blue, 0 to 1, of a colour given as hue in degrees, saturation and lightness in percent. */
function fromHsl(hue, saturation, lightness) {
  const spread = saturation / 100 * Math.min(lightness / 100, 1 - lightness / 100);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return lightness / 100 - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  });
}

function fromHex(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [more, less] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (more + 0.05) / (less + 0.05);
}

test("the measure itself: black on white, and a grey known to be just enough", () => {
  assert.equal(contrast([0, 0, 0], [1, 1, 1]), 21);
  assert.ok(Math.abs(contrast(fromHex("#767676"), [1, 1, 1]) - 4.54) < 0.01);
  assert.ok(Math.abs(contrast(fromHsl(120, 100, 25), fromHex("#008000")) - 1) < 0.01);
});

Object.entries(themes).forEach(([name, theme]) => {
  test("the letters of every avatar can be read, " + name, () => {
    assert.match(block(page, ".avatar"), /color: #fff;.*hsl\(var\(--hue, \d+\), var\(--avatar-sat\), var\(--light, \d+%\)\)/);
    for (let i = 0; i < HUES; i += 1) {
      const own = properties(block(page, ".hue-" + i));
      const ground = fromHsl(Number(own["--hue"]), parseFloat(theme["--avatar-sat"]), parseFloat(own["--light"]));
      const found = contrast([1, 1, 1], ground);
      assert.ok(found >= ENOUGH, "hue " + i + ": " + found.toFixed(2));
    }
  });

  test("words on their ground can be read, " + name, () => {
    [
      ["--text", "--bg"], ["--text", "--surface"], ["--text", "--bubble"], ["--text", "--bubble-mine"], ["--muted", "--bg"],
      ["--muted", "--surface"], ["--on-accent", "--accent"], ["--warn", "--surface"], ["--bad", "--surface"],
      ["--warn", "--warn-soft"], ["--bad", "--bad-soft"], ["--text", "--accent-soft"]
    ].forEach(([words, ground]) => {
      const found = contrast(fromHex(theme[words]), fromHex(theme[ground]));
      assert.ok(found >= ENOUGH, words + " on " + ground + ": " + found.toFixed(2));
    });
  });
});

test("the dark has a colour of its own for each of the light, and nothing else", () => {
  const colours = Object.keys(light).filter((name) => /#|rgba/.test(light[name]));
  assert.deepEqual(Object.keys(dark).sort(), [...colours, "--avatar-sat"].sort());
});

PAGES.forEach((name) => {
  test(name + " loads the dark after the light, for those whose system is dark", () => {
    const sheets = [...read(name).matchAll(/<link ([^>]*rel="stylesheet"[^>]*)>/g)].map((found) => found[1]);
    assert.match(sheets[0], /href="static\/page\.css"/);
    assert.match(sheets[1], /id="dark" .*href="static\/dark\.css" media="\(prefers-color-scheme: dark\)"/);
  });
});
