// Each slide is set as large as its 1280 by 720 pixels allow, on the screen and on paper: code and what it prints first,
// then the text; pictures take what is left. Choices stand in a row, or a text beside its drawing, where that makes the
// rest larger.
const ROOM = 664; // pixels of a slide above its number
const READABLE = 1.1; // of the size in slides.css: rather than smaller, a line of what is printed is broken

const cut = (box) => box.scrollWidth > box.clientWidth + 1;

function fit(slide) {
  const printed = [...slide.querySelectorAll("pre")], pictures = [...slide.querySelectorAll("img")];
  const set = (name, value) => slide.style.setProperty(name, value);
  set("--code", READABLE);
  slide.classList.add("unbroken");
  const long = printed.filter(cut);
  long.forEach((box) => box.classList.add("long"));
  const fits = () =>
    slide.scrollHeight <= ROOM && !cut(slide) && !printed.some((box) => !long.includes(box) && cut(box));

  // The largest value, in steps of 2 %, with which the slide fits, in the first way that is hardly worse than the others.
  function largest(name, least, most, ways = [], size = (value) => value) {
    const found = ["", ...ways].map((way) => {
      if (way) slide.classList.add(way);
      let low = Math.round(least * 50), high = Math.round(most * 50);
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        set(name, middle / 50);
        if (fits()) low = middle;
        else high = middle - 1;
      }
      set(name, low / 50);
      const reached = fits() ? size(low / 50) : 0;
      if (way) slide.classList.remove(way);
      return [way, low / 50, reached];
    });
    const best = Math.max(...found.map((one) => one[2]));
    const [way, value] = found.find((one) => one[2] >= 0.92 * best);
    if (way) slide.classList.add(way);
    set(name, value);
  }

  const row = slide.querySelector(".choices") ? ["row"] : [];
  if (printed.length) largest("--code", 0.8, pictures.length || long.length ? 1.25 : 1.5, row);
  largest("--type", 1, pictures.length ? 1.1 : 1.3);
  const drawing = pictures.length === 1 && slide.querySelector(":scope > p > img:only-child") ? ["aside"] : [];
  const drawn = () => Math.min(...pictures.map((one) =>
    Math.min(one.clientHeight, (one.clientWidth * one.naturalHeight) / one.naturalWidth)));
  if (pictures.length) largest("--picture", 0.4, 1.3, drawing, drawn);
  slide.classList.remove("unbroken");
}

function fitAll() {
  for (const slide of document.querySelectorAll(".reveal .slides section:not(:has(section))")) {
    const both = [slide, slide.parentElement.closest("section")].filter(Boolean);
    both.forEach((one) => one.classList.add("measured"));
    fit(slide);
    both.forEach((one) => one.classList.remove("measured"));
  }
}

// On paper there is no reveal.js.
addEventListener("load", () => (window.Reveal && !Reveal.isReady() ? Reveal.on("ready", fitAll) : fitAll()));
