// bimplus-websdk in a page of another origin than the gateway's.
//
//   node websdk.mjs SDK BROWSER GATEWAY
//
// SDK is the folder of the installed package, GATEWAY is host:port.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compare } from "./answers.mjs";

const [sdk, executablePath, gateway] = process.argv.slice(2);
// What the SDK itself would find: its own version of jQuery.
const require = createRequire(`${sdk}/`);
const { chromium } = require("playwright-core");

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const files = {
    "/": here("page.html"),
    "/page.js": here("page.js"),
    "/jquery.js": require.resolve("jquery"),
    "/websdk.js": require.resolve(sdk),
};
const server = createServer((request, response) => {
    const file = files[request.url];
    if (!file) return response.writeHead(404).end();
    const type = file.endsWith(".html") ? "text/html" : "text/javascript";
    response.setHeader("Content-Type", `${type}; charset=utf-8`).end(readFileSync(file));
}).listen(0, "localhost");
await once(server, "listening");
const site = `localhost:${server.address().port}`;

const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        // No other host is there, nor by its address.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
});
try {
    const page = await browser.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
        // A refusal is an error to the console, and meant here.
        const refusal = /^Failed to load resource: the server responded with a status of 4/;
        if (message.type() === "error" && !refusal.test(message.text())) complaints.push(message.text());
    });

    // The browser's own word. With `page.route`, Playwright would answer preflights itself.
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    const hosts = new Set();
    const preflights = new Set();
    network.on("Network.requestWillBeSent", ({ request, initiator }) => {
        const { protocol, host, pathname } = new URL(request.url);
        if (protocol !== "data:") hosts.add(host);
        if (initiator.type === "preflight") preflights.add(pathname);
    });

    await page.goto(`http://${site}/`);
    const answers = await page.evaluate((host) => use(host), gateway);

    assert.deepEqual([...hosts].sort(), [gateway, site].sort());
    assert.deepEqual(complaints, []);
    compare(answers);
    // One answer to the browser's question serves several methods.
    const asked = [...preflights].map((path) => path.replace(answers.projects.body[0].id, "{id}"));
    assert.deepEqual(asked.filter((path) => !path.endsWith("/projects")).sort(), [
        "/v2/auth-forgot",
        "/v2/authorize",
        "/v2/cross-authorize",
        "/v2/cross-token",
        "/v2/head-office/objects/{id}/attachments",
        "/v2/head-office/projects/{id}",
        "/v2/teams",
        "/v2/user",
        "/v2/user/change_password",
    ]);
    assert.ok(asked.includes("/v2/head-office/projects"), `${asked}`);
    for (const done of [
        "login",
        "teams and user",
        "list of projects",
        "new project",
        "changed project",
        "new attachment",
        "deleted project",
        "cross token",
        "logout",
        "refusals that the page can read",
    ]) {
        console.log(`works: ${done}`);
    }
} finally {
    await browser.close();
    server.close();
}
