// Conveniences; without JavaScript the page only lacks them.
if (navigator.clipboard) {
  document.querySelectorAll(".code").forEach((code) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.querySelector("pre").textContent.trimEnd());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    code.append(button);
  });
}
const links = [...document.querySelectorAll("nav.wide a")];
const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
const markSection = () => {
  const passed = headings.filter((heading) => heading && heading.getBoundingClientRect().top < innerHeight / 3).length;
  links.forEach((link, i) => i === passed - 1
    ? link.setAttribute("aria-current", "location") : link.removeAttribute("aria-current"));
};
addEventListener("scroll", markSection, { passive: true });
markSection();
// A prediction opens its answer.
document.querySelectorAll("form.prediction").forEach((form) => {
  const answers = [...document.querySelectorAll("details.revealed")]
    .filter((fold) => fold.dataset.reveals.split(" ").includes(form.dataset.name));
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  form.after(said);
  const range = form.querySelector("input[type=range]");
  const sure = document.createElement("output");
  const showSure = () => { sure.textContent = ` ${range.value} %`; };
  range?.after(sure);
  range?.addEventListener("input", showSure);
  if (range) showSure();
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
});
// Paper has nothing to open.
addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((fold) => {
  fold.open = true;
  addEventListener("afterprint", () => { fold.open = false; }, { once: true });
}));
