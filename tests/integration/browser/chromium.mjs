// Starts Chromium for a script of a test: without a network, and without what it would fetch by itself.

import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const find = "command -v chromium chromium-browser google-chrome | head -n 1";

// The plan of the test.
export const plan = JSON.parse(process.argv[2]);

export function launch() {
    return chromium.launch({
        executablePath: execFileSync("sh", ["-c", find]).toString().trim(),
        chromiumSandbox: false,
        args: [
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        ],
    });
}

// Adds to `complaints` what the console of a page says, and each request to another host. A refusal is meant here.
export function listen(page, site, complaints) {
    page.on("console", (message) => {
        const refusal = /^Failed to load resource: the server responded with a status of 4/;
        if (message.type() === "error" && !refusal.test(message.text())) complaints.push(message.text());
    });
    page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol !== "data:" && origin !== site) complaints.push(`asks ${request.url()}`);
    });
}

// Returns the width of the content of a page, measured by the debugger, which needs no JavaScript of the page.
export async function contentWidth(debug) {
    const { cssContentSize } = await debug.send("Page.getLayoutMetrics");
    return cssContentSize.width;
}
