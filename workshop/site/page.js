// Two conveniences; without JavaScript the page only lacks them.
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
