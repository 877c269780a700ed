// Load on the services of boombap, with thresholds from load.json: docs/howto/load-test.md.
//
//   METRICS_URL=http://127.0.0.1:9464 DEPS_URL=http://127.0.0.1:8421 k6 run enhanced_api_test.js
//
// METRICS_TOKEN and DEPS_TOKEN are bearer tokens, where the services ask for them; DURATION is 30s by default.
// What has no address is left out.
import encoding from "k6/encoding";
import http from "k6/http";
import { check, fail } from "k6";

const load = JSON.parse(open("./load.json"));
const names = Object.keys(load).filter((name) => __ENV[load[name].address]);
const tokens = { METRICS_URL: __ENV.METRICS_TOKEN, DEPS_URL: __ENV.DEPS_TOKEN };

if (names.length === 0) {
  throw new Error("no address is set: METRICS_URL, DEPS_URL or EMULATOR_URL");
}

export const options = {
  scenarios: Object.fromEntries(names.map((name) => [name, scenario(name)])),
  thresholds: Object.assign(
    // A load that was not put on proves nothing.
    { checks: ["rate==1"], dropped_iterations: ["count<1"] },
    ...names.map((name) => ({
      [`http_req_duration{scenario:${name}}`]: [`p(50)<${load[name].p50_ms}`, `p(99)<${load[name].p99_ms}`],
    })),
  ),
};

function scenario(name) {
  return {
    // A new request begins whether or not the last one has ended, as clients do.
    executor: "constant-arrival-rate",
    exec: "ask",
    env: { NAME: name },
    rate: load[name].rate_per_s,
    timeUnit: "1s",
    duration: __ENV.DURATION || "30s",
    preAllocatedVUs: 10,
    maxVUs: 100,
  };
}

export function setup() {
  if (!names.includes("emulator")) {
    return {};
  }
  const headers = { Authorization: `Basic ${encoding.b64encode("any:any")}` };
  const response = http.post(`${__ENV.EMULATOR_URL}/api/token`, { grant_type: "client_credentials" }, { headers });
  if (response.status !== 200) {
    fail(`the emulator gave no token: ${response.status}`);
  }
  return { token: response.json("access_token") };
}

export function ask(data) {
  const { method, path, body, address, needs_token: needsToken } = load[__ENV.NAME];
  const token = needsToken ? data.token : tokens[address];
  const headers = { "Content-Type": "application/json" };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  const response = http.request(method, `${__ENV[address]}${path}`, body ? JSON.stringify(body) : null, { headers });
  check(response, { [`${__ENV.NAME}: 200`]: (answer) => answer.status === 200 });
}
