"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { STATIC } = require("./harness");

/** Node carries acorn inside, and shows it with --expose-internals; an installed one does as well. */
function findAcorn() {
  for (const name of ["internal/deps/acorn/acorn/dist/acorn", "acorn"]) {
    try {
      return require(name);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") { throw error; }
    }
  }
  return null;
}

const acorn = findAcorn();
const skip = acorn ? false : "no acorn: run node with --expose-internals, or install acorn";
const OURS = fs.readdirSync(STATIC).filter((name) => name.endsWith(".js"));

function problems(text) {
  const found = [];
  const tokens = [];
  try {
    acorn.parse(text, { ecmaVersion: 3, allowReserved: "never", onToken: tokens });
  } catch (error) {
    found.push(error.message);
  }
  tokens.forEach((token, i) => {
    if (token.type.label === "," && tokens[i + 1] && /^[\]}]$/.test(tokens[i + 1].type.label)) {
      found.push("a trailing comma at " + token.start);
    }
  });
  return found;
}

test("the check itself finds what ECMAScript 3 does not have", { skip }, () => {
  ["var a = [1,];", "var a = {b: 1,};", "a.catch(b);", "a = {class: 1};", "a = {get b() { return 1; }};", "let a;",
    "a = () => 1;", "a = `b`;", "var int;"].forEach((text) => assert.notDeepEqual(problems(text), [], text));
  assert.deepEqual(problems("var a = {b: [1, 2]}; a.b.c(\"catch\");"), []);
});

OURS.forEach((name) => {
  test(name + " parses as ECMAScript 3", { skip }, () => {
    assert.deepEqual(problems(fs.readFileSync(path.join(STATIC, name), "utf8")), []);
  });
});

test("user text reaches a page as text nodes only: innerHTML stands once, for the server's own templates", () => {
  const uses = OURS.flatMap((name) => {
    const text = fs.readFileSync(path.join(STATIC, name), "utf8");
    return (text.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/g) || [])
      .map((use) => name + " " + use);
  });
  assert.deepEqual(uses, ["elements.js innerHTML"]);
});
