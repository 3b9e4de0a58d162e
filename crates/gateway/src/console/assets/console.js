// Writes times and numbers as the browser's language does. The server writes UTC and plain digits, which stay without it.
"use strict";
(() => {
    const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
    const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
    const numbers = new Intl.NumberFormat();
    function write(root) {
        for (const element of root.querySelectorAll("time[datetime]:not([title])")) {
            const at = new Date(element.dateTime);
            if (Number.isNaN(at.getTime())) continue;
            element.title = element.textContent;
            element.textContent = (element.dateTime.length > 10 ? times : days).format(at);
        }
        for (const element of root.querySelectorAll("data.number:not([title])")) {
            element.title = element.value;
            element.textContent = numbers.format(Number(element.value));
        }
    }
    document.addEventListener("DOMContentLoaded", () => write(document));
    // htmx has replaced a part of the page.
    document.addEventListener("htmx:afterSettle", () => write(document));
})();
