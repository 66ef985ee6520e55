// What the keyboard does, beside what the theme does.
const MEANINGS = [
  ["← →", "the chapter before, the next one"],
  ["Tab", "the next control; of links, figures and copy buttons the first of each kind"],
  ["↑ ↓", "from there to its neighbours"],
  ["Ctrl K", "search"],
  ["Esc", "closes what has opened"],
  ["?", "this list"],
];

const showHelp = () => {
  if (document.querySelector("dialog[open]")) return;
  const help = Object.assign(document.createElement("dialog"), { className: "help" });
  const heading = Object.assign(document.createElement("strong"), { id: "keys-heading", textContent: "Keys" });
  const list = document.createElement("dl");
  for (const [key, meaning] of MEANINGS) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: meaning }));
  }
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm btn-primary", textContent: "Close" });
  close.addEventListener("click", () => help.close());
  help.setAttribute("aria-labelledby", heading.id);
  help.append(heading, list, close);
  help.addEventListener("close", () => help.remove());
  document.body.append(help);
  help.showModal();
};

// Arrow keys belong to what has the focus, where that uses them; else to the page.
const writes = (one) => one?.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
const scrolls = (one) => one && one !== document.body && one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX !== "visible";
addEventListener("keydown", (event) => {
  const at = document.activeElement;
  if (event.key === "?" && !writes(at)) showHelp();
  if (event.key === "Escape" && document.querySelector("dialog:is(.figure, .help)[open]")) event.stopPropagation();  // Sphinx would keep it
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  if (document.querySelector("dialog[open], .dropdown-menu.show") || writes(at) || scrolls(at)) event.stopPropagation();
}, true);

ready(() => {
  // The theme listens to the first button of each kind only, and that one is in a header that is not shown.
  for (const kind of [".primary-toggle", ".secondary-toggle"]) {
    const [heard, ...shown] = document.querySelectorAll(kind);
    shown.forEach((button) => button.addEventListener("click", () => heard.click()));
  }
  const line = Object.assign(document.createElement("button"), { type: "button", className: "keys", textContent: "Keys: ← → turn pages, ? lists all" });
  line.addEventListener("click", showHelp);
  document.querySelector("nav.bd-links")?.after(line);

  // Where a colour mode was chosen, the focus returns to the button that opened the menu.
  document.querySelectorAll(".theme-change-button").forEach((choice) => choice.addEventListener("click", () => {
    choice.closest(".dropdown").querySelector(".theme-switch-button").focus();
  }));
});

// What there are many of is one tab stop of its kind and place; from there the keys up and down lead to its neighbours.
const KINDS = [".copybtn", "button.enlarge", 'a[href*="glossary.html#term-"]', ".claim a", 'td a[href^="#c"]',
  "#sources a.external", "#in-the-reference a", ".bd-links a", ".page-toc a"];
const oneStop = (all) => {
  const seen = () => all.filter((one) => one.checkVisibility());
  const stop = (chosen) => all.forEach((one) => { one.tabIndex = one === chosen ? 0 : -1; });
  const begin = () => stop(seen().find((one) => one.matches(".current > a, .current")) ?? seen()[0] ?? all[0]);
  begin();
  document.addEventListener("toggle", () => { if (!all.find((one) => one.tabIndex === 0).checkVisibility()) begin(); }, true);
  all.forEach((one) => {
    one.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown");
    one.addEventListener("focus", () => stop(one));
    one.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const next = step && seen()[seen().indexOf(one) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  });
};
addEventListener("load", () => KINDS.forEach((kind) => {
  const places = Map.groupBy(document.querySelectorAll(kind), (one) => one.closest("nav, article, .sidebar-secondary-item"));
  places.forEach(oneStop);
}));
