// A person at the account page, in Chromium without JavaScript.
//
//   node browser.mjs PLAN
//
// PLAN is JSON: the address of the site, the paths of links, and passwords. Prints what the person saw, as JSON.

import { createHmac } from "node:crypto";
import { contentWidth, launch, listen, plan } from "./chromium.mjs";

// RFC 6238, with SHA-1, six digits and steps of 30 seconds.
function code(secret) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
    const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
    const mac = createHmac("sha1", key).update(step).digest();
    const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
    return String(number % 1000000).padStart(6, "0");
}

const browser = await launch();
try {
    const context = await browser.newContext({
        javaScriptEnabled: false,
        viewport: { width: 360, height: 640 },
        colorScheme: "dark",
        baseURL: plan.site,
    });
    const page = await context.newPage();
    const complaints = [];
    listen(page, plan.site, complaints);
    let scripts = 0;
    const widths = [];
    const debug = await context.newCDPSession(page);
    async function look() {
        scripts += await page.locator("script").count();
        const width = await contentWidth(debug);
        if (width > 360) widths.push(`${page.url()}: ${width}`);
    }
    async function choose(password) {
        await page.getByLabel("New password").fill(password);
        await page.getByLabel("The same password again").fill(password);
        await page.getByRole("button", { name: "Set the password" }).click();
        await look();
    }

    // Eve wants no second factor.
    await page.goto(plan.eve);
    await look();
    await choose(plan.weak);
    const field = page.getByLabel("New password");
    const refusal = await page.locator("#password-error").textContent();
    if ((await field.getAttribute("aria-invalid")) !== "true") complaints.push("the field is not marked");
    await choose(plan.good);
    await page.getByRole("heading", { name: "Second factor" }).waitFor();
    await page.goto(plan.eve);
    await look();
    const again = await page.getByRole("heading").textContent();

    // Mia enrols one.
    await page.goto(plan.mia);
    await choose(plan.good);
    const secret = await page.locator("#secret").textContent();
    const picture = page.getByAltText("QR code of the secret below");
    const { width } = await picture.boundingBox();
    if (width < 200) complaints.push(`the QR code is ${width} pixels wide`);
    await page.getByLabel("Code that the app shows").fill("000");
    await page.getByRole("button", { name: "Switch the second factor on" }).click();
    await page.locator("#code-error").waitFor();
    await page.getByLabel("Code that the app shows").fill(code(secret));
    const codes = await page.locator("#codes code").allTextContents();
    // Whoever clicks twice may only see that the page is not valid any more, and knows the codes.
    await page.getByRole("button", { name: "Switch the second factor on" }).dblclick();
    const on = page.getByRole("heading", { name: "Your recovery codes" });
    await on.or(page.getByRole("heading", { name: "This page is not valid any more" })).waitFor();
    await look();

    // The name of Bob is HTML.
    await page.goto(plan.bob);
    await look();
    const bob = await page.getByLabel("User name").inputValue();

    // The linguist has forgotten the password.
    await page.goto("/account");
    await look();
    await page.getByLabel("User name or e-mail address").fill("linguist");
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
    await look();

    console.log(JSON.stringify({ refusal, again, codes, bob, scripts, complaints, widths }));
} finally {
    await browser.close();
}
