// An administrator at the console, in Chromium.
//
//   node browser.mjs PLAN
//
// PLAN is JSON: the addresses of the listeners, keys, users, and a folder for pictures if they are wanted. Prints what the
// administrator saw, as JSON.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { contentWidth, launch, listen, plan } from "./chromium.mjs";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const complaints = [];
const done = [];

function complain(what) {
    complaints.push(what);
}

// What a client of the gateway does.
async function login(user, password) {
    const response = await fetch(`${plan.public}/v2/authorize`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "User-Agent": "DrawingBoard/3.1" },
        body: JSON.stringify({ user_id: user, password }),
    });
    const text = await response.text();
    return response.ok ? JSON.parse(text) : {};
}

const browser = await launch();

async function open(settings) {
    const context = await browser.newContext({ baseURL: plan.site, locale: "de-DE", timezoneId: "Asia/Tokyo", ...settings });
    const page = await context.newPage();
    page.setDefaultTimeout(10000);
    listen(page, plan.site, complaints);
    page.on("dialog", (dialog) => {
        complain(`a dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    page.on("pageerror", (error) => complain(`an error of a script: ${error}`));
    return { context, page, debug: await context.newCDPSession(page), width: settings.viewport.width };
}

async function signIn({ page }, key) {
    await page.goto("/console");
    await page.getByLabel("Key of the realm admin").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
}

// Every act of the console, each by what a person sees and clicks.
async function everyAct(name, settings, user, guarded) {
    const tab = await open(settings);
    const { page, context } = tab;
    const scripts = settings.javaScriptEnabled !== false;
    const step = (act) => done.push(`${name}: ${act}`);
    const says = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
    const look = async () => {
        const width = await contentWidth(tab.debug);
        if (width > tab.width) complain(`${name}: ${page.url()} is ${width} pixels wide`);
    };
    const visit = async (link) => {
        await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: link, exact: true }).click();
        await page.getByRole("heading", { level: 1, name: link }).waitFor();
        await look();
    };
    // A question opens, and its button acts.
    const act = async (scope, summary, button, text) => {
        await scope.locator("summary", { hasText: new RegExp(`^${summary}$`) }).first().click();
        await scope.getByRole("button", { name: button }).first().click();
        await says(text);
        await look();
        step(button);
    };
    const search = async (label, text) => {
        await page.getByLabel(label).fill(text);
        // With scripts the list follows what is typed.
        if (!scripts) await page.getByRole("button", { name: "Show", exact: true }).click();
    };

    await signIn(tab, "not-a-key-of-this-gateway");
    await page.getByRole("alert").filter({ hasText: "The key is not valid." }).waitFor();
    await signIn(tab, plan.key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await look();
    step("sign in");

    // The keyboard: the first stop leads to the content.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    if (!page.url().endsWith("#main")) complain(`${name}: the skip link leads to ${page.url()}`);

    await login(user.name, user.password);
    await login(user.name, "wrong");
    await visit("People");
    await search("Beginning of a name, e-mail or number", user.email);
    await page.getByRole("cell", { name: user.email }).waitFor();
    await page.getByRole("link", { name: user.name, exact: true }).click();
    await page.getByRole("heading", { level: 1, name: user.name }).waitFor();
    await look();
    step("search");
    const time = await page.locator("table time").first().textContent();
    const isUtc = /^\d{4}-\d\d-\d\dT.*Z$/.test(time);
    if (isUtc === scripts) complain(`${name}: the time is ${time}`);

    const main = page.locator("main");
    await main.locator("summary", { hasText: "Try a login" }).click();
    const trial = page.locator("form", { has: page.getByRole("button", { name: "Try the login" }) });
    await trial.locator("[name=dialect]").selectOption("bimplus");
    await trial.getByLabel("Password").fill(user.password);
    await trial.getByRole("button", { name: "Try the login" }).click();
    await page.getByRole("heading", { level: 1, name: "Try a login" }).waitFor();
    await main.locator("p .badge.good", { hasText: "passes" }).waitFor();
    await look();
    step("try a login");
    await page.getByRole("link", { name: "Back to the user" }).click();
    await act(page.locator("tr:has(summary)", { hasText: "bimplus" }).first(), "End", "End the session", "The sessions have ended.");
    await login(user.name, user.password);
    await act(main, "End all sessions", "End the sessions", "The sessions have ended.");
    await act(main, "Forgive wrong attempts", "Clear the attempts", "The counted attempts and their locks are cleared.");
    await act(main, "Set a password by invitation", "Send the invitation", "The invitation is on its way.");
    await act(main, "Disable", "Disable the user", "The user is disabled");
    await act(main, "Enable", "Enable the user", "The user is enabled.");
    await page.locator("summary", { hasText: "Add an application password" }).click();
    await page.locator("form", { has: page.getByRole("button", { name: "Add it" }) }).locator("[name=dialect]").selectOption("memsource");
    await page.getByLabel("Label, such as").fill(plan.hostile);
    await page.getByRole("button", { name: "Add it" }).click();
    await says("It is not shown again");
    const password = await page.locator("#secret").textContent();
    if (!/^([a-z]{4}-){5}[a-z]{4}$/.test(password)) complain(`${name}: an application password ${password}`);
    step("Add an application password");
    await page.getByRole("link", { name: "Back to the user" }).click();
    await act(page.locator("tr", { hasText: "memsource" }).first(), "Revoke", "Revoke it", "The application password is revoked");

    await page.goto(`/console/people/${guarded}`);
    await act(main, "Switch it off", "Switch the second factor off", "The second factor is off.");

    const { access_token: token } = await login(user.name, user.password);
    await visit("Sessions");
    await main.locator("summary", { hasText: "What is this token?" }).click();
    await page.getByLabel("Token", { exact: true }).fill(token);
    await page.getByRole("button", { name: "Examine it" }).click();
    await page.getByRole("heading", { level: 1, name: "What is this token?" }).waitFor();
    await main.locator(".facts .badge.good", { hasText: "valid" }).waitFor();
    await look();
    step("examine a token");
    await page.getByRole("link", { name: "Back to the sessions" }).click();
    await search("User name or e-mail", user.name);
    await page.getByRole("cell", { name: "bimplus" }).first().waitFor();
    await act(main, "End", "End the session", "The sessions have ended.");

    await visit("Clients and keys");
    const label = `service of ${name}`;
    const form = page.locator("form.form");
    await form.locator("[name=realm]").selectOption("introspection");
    await form.locator("[name=label]").fill(label);
    await form.getByRole("checkbox", { name: "tokens:introspect" }).check();
    await form.getByRole("checkbox", { name: "bimplus" }).check();
    await form.locator("[name=days]").selectOption("90");
    await page.getByRole("button", { name: "Create the key" }).click();
    await says("Its text is not shown again");
    if (!/^[a-z0-9]{40}$/.test(await page.locator("#secret").textContent())) complain(`${name}: no text of a key`);
    await look();
    step("Create the key");
    await page.getByRole("link", { name: "Back to the keys" }).click();
    await act(page.locator("tr", { hasText: label }), "Revoke", "Revoke the key", "The key is revoked.");

    await login(user.name, "wrong");
    await visit("Throttle");
    await page.getByRole("cell", { name: "source" }).first().waitFor();
    await act(page.locator("tbody tr").first(), "Clear", "Clear it", "are cleared.");
    await login(user.name, "wrong");
    await visit("Throttle");
    await search("Login name", user.name);
    await page.locator("summary", { hasText: "Clear all that match" }).waitFor();
    await act(main, "Clear all that match", "Clear them", "are cleared.");

    await visit("Refusals");
    await search("User, or a name that was tried", user.name);
    await page.locator("#list td", { hasText: "wrong_password" }).first().waitFor();
    await look();
    step("find refused requests");

    await visit("Audit");
    await page.locator("[name=event]").selectOption("console_sign_in");
    if (!scripts) await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL(/event=console_sign_in/);
    await page.locator("#list td", { hasText: "console_sign_in" }).first().waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download these events as JSON lines" }).click();
    const events = readFileSync(await (await download).path(), "utf8").trim().split("\n").map(JSON.parse);
    if (!events.length || events.some((event) => event.event !== "console_sign_in")) complain(`${name}: other events`);
    step("filter and download events");

    await visit("Users' way over");
    const users = page.waitForEvent("download");
    await page.getByRole("link", { name: "All users, as CSV" }).click();
    if (!readFileSync(await (await users).path(), "utf8").includes(user.email)) complain(`${name}: no ${user.email}`);
    step("download users");

    await visit("Dialects");
    await page.getByRole("link", { name: "bimplus" }).click();
    await page.locator("[name=plan]").selectOption("switch-off");
    await page.getByRole("button", { name: "Show what it would do" }).click();
    await page.locator("#refused", { hasText: "DrawingBoard" }).waitFor();
    await look();
    await page.getByRole("link", { name: "Plan to cut it off" }).first().click();
    await page.locator("#plan", { hasText: "cut_off" }).waitFor();
    step("plan a change of a dialect");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto("/console/people");
    if (!page.url().endsWith("/console/sign-in")) complain(`${name}: still signed in at ${page.url()}`);
    step("sign out");
    await context.close();
}

// Looks at each page, light and dark: nothing wider than the window, nothing that hinders people. Takes pictures if wanted.
async function everyPage(viewport, pictures) {
    const tab = await open({ viewport, colorScheme: "light", reducedMotion: "reduce" });
    const { page, context } = tab;
    const seen = {};
    async function check(title, rules) {
        const { violations } = await page.evaluate((only) => window.axe.run({ resultTypes: ["violations"], ...only }), rules);
        for (const { id, impact, nodes } of violations) {
            if (impact === "serious" || impact === "critical") complain(`${title}: ${id}: ${nodes[0].html}`);
        }
    }
    async function look(title) {
        const width = await contentWidth(tab.debug);
        if (width > tab.width) complain(`${title} is ${width} pixels wide, not ${tab.width}`);
        if (pictures) await page.screenshot({ path: `${pictures}/${title}.png` });
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        await page.evaluate(axe);
        await check(`${title}, light, ${tab.width}`, {});
        await page.emulateMedia({ colorScheme: "dark" });
        // The other rules say the same.
        await check(`${title}, dark, ${tab.width}`, { runOnly: ["color-contrast"] });
        await page.emulateMedia({ colorScheme: "light" });
        seen[title] = await page.evaluate(() => document.querySelectorAll("main table").length);
    }
    await page.goto("/console/sign-in");
    await look("sign-in");
    await signIn(tab, plan.key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const [title, path] of Object.entries(plan.pages)) {
        const response = await page.goto(path);
        if (response.status() !== 200) complain(`${path} is ${response.status()}`);
        await look(title);
    }
    await page.setViewportSize({ width: 3840, height: 2160 });
    for (const path of viewport.width > 1000 ? Object.values(plan.pages) : []) {
        await page.goto(path);
        const width = await contentWidth(tab.debug);
        if (width > 3840) complain(`${path} is ${width} pixels wide, not 3840`);
    }
    await context.close();
    return seen;
}

// A page of another origin, in the browser of an administrator who is signed in.
async function foreignPage() {
    const victim = `${plan.site}/console/people/${plan.victim}/state`;
    const server = createServer((_, response) => {
        response.setHeader("Content-Type", "text/html");
        response.end(`<iframe id="frame" src="${plan.site}/console/people"></iframe>
            <form method="post" action="${victim}"><input name="state" value="disabled"><button>Win</button></form>`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const context = await browser.newContext({ baseURL: plan.site });
    const page = await context.newPage();
    await signIn({ page }, plan.key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    // Another site by its name, and by its port.
    await page.goto(`http://localhost:${server.address().port}/`);
    const read = await page.evaluate(
        (url) => fetch(url, { credentials: "include" }).then((response) => response.text(), () => "refused"),
        `${plan.site}/console/people`,
    );
    const framed = await page.frame({ url: /console/ })?.locator("h1").count().catch(() => 0);
    const [sent] = await Promise.all([page.waitForResponse(victim), page.getByRole("button", { name: "Win" }).click()]);
    await page.goto("/console/people");
    const stays = await page.getByRole("heading", { level: 1 }).textContent();
    await context.close();
    server.close();
    return { read, framed: framed ?? 0, sent: sent.status(), stays };
}

try {
    const wide = { width: 1440, height: 900 };
    const narrow = { width: 360, height: 640 };
    await everyAct("with scripts", { viewport: wide, colorScheme: "light" }, ...plan.first);
    const noScripts = { viewport: narrow, colorScheme: "dark", javaScriptEnabled: false };
    await everyAct("without scripts", noScripts, ...plan.second);
    await login(plan.first[0].name, plan.first[0].password);
    await login(plan.first[0].name, "wrong");
    const looks = [await everyPage(wide, plan.pictures), await everyPage(narrow)];
    const foreign = await foreignPage();
    console.log(JSON.stringify({ complaints, done, looks, foreign }));
} finally {
    await browser.close();
}
