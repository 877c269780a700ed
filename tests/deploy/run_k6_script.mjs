// Runs a k6 script once in Node, with curl in place of k6's client: prints its options and the checks of each scenario.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [script] = process.argv.slice(2);
const checks = {};

globalThis.__ENV = { ...process.env };
globalThis.open = (name) => readFileSync(join(dirname(script), name), "utf-8");
globalThis.k6 = {
  request(method, url, body, params = {}) {
    const headers = Object.entries(params.headers ?? {}).flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
    const content = body === null ? [] : ["--data", typeof body === "string" ? body : `${new URLSearchParams(body)}`];
    const options = ["--silent", "--noproxy", "*", "--write-out", "\n%{http_code}", "--request", method];
    const argv = [...options, ...headers, ...content, url];
    const lines = execFileSync("curl", argv, { encoding: "utf-8" }).split("\n");
    const status = Number(lines.pop());
    return { status, json: (key) => JSON.parse(lines.join("\n"))[key] };
  },
  post: (url, body, params) => globalThis.k6.request("POST", url, body, params),
  b64encode: (value) => Buffer.from(value).toString("base64"),
  check: (value, tests) => Object.entries(tests).forEach(([name, test]) => (checks[name] = test(value))),
  fail: (message) => {
    throw new Error(message);
  },
};

const text = readFileSync(script, "utf-8")
  .replace('import encoding from "k6/encoding";', "const encoding = globalThis.k6;")
  .replace('import http from "k6/http";', "const http = globalThis.k6;")
  .replace('import { check, fail } from "k6";', "const { check, fail } = globalThis.k6;");
const loaded = await import(`data:text/javascript,${encodeURIComponent(text)}`);
const data = loaded.setup();
for (const scenario of Object.values(loaded.options.scenarios)) {
  Object.assign(globalThis.__ENV, scenario.env);
  loaded[scenario.exec](data);
}
console.log(JSON.stringify({ options: loaded.options, checks }));
