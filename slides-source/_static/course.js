// Conveniences; without JavaScript a page only lacks them.
const ready = (act) => document.readyState === "loading" ? addEventListener("DOMContentLoaded", act) : act();

// A prediction opens its answer.
ready(() => document.querySelectorAll("form.prediction").forEach((form) => {
  const answers = [...document.querySelectorAll("details.fold.answer")]
    .filter((fold) => fold.dataset.reveals?.split(" ").includes(form.dataset.name));
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  form.after(said);
  const range = form.querySelector("input[type=range]");
  const sure = document.createElement("output");
  const showSure = () => { sure.textContent = ` ${range.value} %`; };
  range?.after(sure);
  range?.addEventListener("input", showSure);
  if (range) showSure();
  const later = [range, form.querySelector("button, input[type=submit]")].filter(Boolean);
  later.forEach((control) => { control.disabled = true; });  // until something is chosen they are no tab stops
  form.addEventListener("input", () => later.forEach((control) => { control.disabled = false; }));
  const predict = (event) => {
    event.preventDefault();
    const chosen = form.querySelector("input[type=radio]:checked");
    const written = form.querySelector("input[type=number]");
    const answer = chosen ? chosen.closest("label")?.textContent.trim() || chosen.value : written?.value;
    if (!answer) return;
    said.textContent = `You said: ${answer}${range ? `, ${range.value} % sure` : ""}. Read on to the answer.`;
    answers.forEach((fold) => { fold.open = true; });
  };
  form.addEventListener("submit", predict);
  if (!form.querySelector("button, input[type=submit]")) form.addEventListener("change", predict);
}));

// A link into a fold opens it.
const openTarget = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target?.closest("details:not([open])"); fold; fold = target.closest("details:not([open])")) {
    fold.open = true;
  }
  target?.scrollIntoView();
};
addEventListener("hashchange", openTarget);
if (location.hash) ready(openTarget);

// Paper has nothing to open: a chapter is printed with what is folded, and with its solutions at the end.
const solutionsToTheEnd = (article) => {
  const end = Object.assign(document.createElement("section"), { className: "solutions" });
  end.id = [article.id, "solutions"].filter(Boolean).join(".");
  const exercises = [...article.querySelectorAll("strong")].filter((one) => /^(Exercise )?\d+\.\d+$/.test(one.textContent));
  const moved = [...article.querySelectorAll("details.fold.solution")].map((fold, at) => {
    const before = exercises.filter((one) => one.compareDocumentPosition(fold) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
    const name = before ? `Exercise ${before.textContent.replace("Exercise ", "")}` : `Solution ${at + 1}`;
    const heading = Object.assign(document.createElement("h3"), { id: `${end.id}.${at + 1}`, textContent: name });
    const place = Object.assign(document.createElement("p"), { className: "at-the-end" });
    place.append(Object.assign(document.createElement("a"), { href: `#${heading.id}`, textContent: "Our solution" }));
    place.append(" is at the end of the chapter.");
    fold.replaceWith(place);
    end.append(heading, fold);
    return () => place.replaceWith(fold);
  });
  if (!moved.length) return moved;
  end.prepend(Object.assign(document.createElement("h2"), { textContent: "Solutions" }));
  const answers = article.querySelector("div.for-paper");
  answers ? answers.before(end) : article.append(end);
  return [...moved, () => end.remove()];
};
addEventListener("beforeprint", () => {
  const opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((fold) => { fold.open = true; });
  const back = [...document.querySelectorAll(".bd-article")].flatMap(solutionsToTheEnd);
  addEventListener("afterprint", () => {
    back.forEach((act) => act());
    opened.forEach((fold) => { fold.open = false; });
  }, { once: true });
});

// A term of the glossary shows its line, to a mouse and to the keyboard.
ready(() => {
  if (typeof TERMS === "undefined") return;
  const box = document.createElement("div");
  Object.assign(box, { id: "term", role: "tooltip", hidden: true });
  document.body.append(box);
  const hide = () => { box.hidden = true; };
  document.querySelectorAll('a[href*="glossary.html#term-"]').forEach((link) => {
    const meaning = TERMS[link.hash.slice(1)];
    if (!meaning) return;
    const show = () => {
      const place = link.getBoundingClientRect();
      box.textContent = meaning;
      box.hidden = false;
      box.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.offsetWidth - 8)) + scrollX}px`;
      box.style.top = `${place.bottom + scrollY + 4}px`;
    };
    link.removeAttribute("title");
    link.setAttribute("aria-describedby", "term");
    link.addEventListener("mouseenter", show);
    link.addEventListener("focus", show);
    link.addEventListener("mouseleave", hide);
    link.addEventListener("blur", hide);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
});

// A figure is a button that shows it large; Escape or a click closes it.
ready(() => document.querySelectorAll(".bd-article img").forEach((image) => {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "enlarge" });
  button.setAttribute("aria-haspopup", "dialog");
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    const large = document.createElement("dialog");
    large.className = "figure";
    large.setAttribute("aria-label", image.alt);
    large.append(Object.assign(image.cloneNode(), { id: "" }));
    large.addEventListener("click", () => large.close());
    large.addEventListener("close", () => large.remove());
    document.body.append(large);
    large.showModal();
  });
}));

// A term that a search has found says which one it is, and a long name in the contents breaks after a dot.
ready(() => {
  const named = (link) => {
    const term = /#term-(.+)$/.exec(link.href);
    if (term && !link.dataset.named) link.append(` > ${decodeURIComponent(term[1]).replaceAll("-", " ")}`);
    link.dataset.named = "yes";
  };
  const results = document.getElementById("search-results");
  const look = () => results.querySelectorAll("li > a").forEach(named);
  if (results) new MutationObserver(look).observe(results, { childList: true, subtree: true });
  document.querySelectorAll(".page-toc a").forEach((link) => {
    const name = link.querySelector(".pre") ?? link;
    if (/^\s*\w+\.\w+/.test(name.textContent)) name.innerHTML = name.innerHTML.replaceAll(".", ".<wbr>");
  });
});
