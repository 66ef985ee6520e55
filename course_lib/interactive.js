// What a mouse can do in bertviz's views, keys can: Tab goes to tokens, heads and maps, the arrows from one to the next,
// Enter and the space bar press. Heads have their numbers, and a line of text tells a screen reader what is shown.
function reachable() {
  const vis = document.querySelector("#vis"), name = "http" + "://www.w3.org/2000/svg";
  const say = words => { document.querySelector("#said").textContent = words; };
  const send = (part, kind) => part.dispatchEvent(new MouseEvent(kind, { bubbles: kind !== "mouseleave" }));
  function group(parts, role, label, act) {
    parts.forEach((part, number) => {
      part.setAttribute("tabindex", number ? -1 : 0);
      part.setAttribute("role", role);
      part.setAttribute("aria-label", label(part, number));
      part.addEventListener("keydown", event => {
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        const next = step && parts[(number + step + parts.length) % parts.length];
        if (next) {
          parts.forEach(other => other.setAttribute("tabindex", other === next ? 0 : -1));
          next.focus();
        } else if (event.key === "Enter" || event.key === " ") act(part, number);
        else return;
        event.preventDefault();
      });
    });
  }
  function heads(svg) {
    const squares = [...svg.querySelectorAll(":scope > g:last-of-type > rect")];
    squares.forEach((square, number) => {
      const text = document.createElementNS(name, "text");
      text.textContent = number;
      text.setAttribute("x", +square.getAttribute("x") + 10);
      text.setAttribute("y", 14);
      text.setAttribute("text-anchor", "middle");
      text.setAttribute("font-size", "12");
      text.setAttribute("style", "fill: white; stroke: black; stroke-width: 3px; paint-order: stroke");
      text.setAttribute("pointer-events", "none");
      text.setAttribute("aria-hidden", "true");
      square.parentNode.append(text);
    });
    const checked = () => squares.forEach((square, number) => {
      const lines = svg.querySelectorAll(`.headAttention[head-index="${number}"] line`);
      square.setAttribute("aria-checked", [...lines].some(line => +line.getAttribute("stroke-opacity") > 0));
    });
    group(squares, "checkbox", (_, number) => `Head ${number}`, square => { send(square, "click"); checked(); });
    squares.forEach(square => square.addEventListener("click", () => setTimeout(checked)));
    checked();
  }
  function tokens(side, words) {
    const parts = [...side.querySelectorAll(":scope > g:last-of-type > g")].filter(part => part.querySelector("text"));
    const word = part => part.querySelector("text").textContent;
    const label = (part, number) => `${words} token ${number}: ${word(part)}`;
    group(parts, "button", label, part => send(part, "mouseover"));
    parts.forEach(part => {
      part.addEventListener("focus", () => { send(part, "mouseover"); say(`${words} token ${word(part)}`); });
      part.addEventListener("blur", () => send(side, "mouseleave"));
    });
  }
  function prepare() {
    const svg = vis.querySelector("svg");
    if (!svg || svg.dataset.reachable) return;
    svg.dataset.reachable = "yes";
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", document.title);
    const left = svg.querySelector("#left"), right = svg.querySelector("#right");
    if (left) {
      tokens(left, "Looking");
      tokens(right, "Seen");
      heads(svg);
      return;
    }
    const maps = [...svg.querySelectorAll("[id^=attn_background_]")].map(map => map.parentNode);
    const place = map => map.querySelector("rect").id.split("_").slice(2).map(Number);
    const label = map => `Layer ${params_of("layers")[place(map)[0]]}, head ${params_of("heads")[place(map)[1]]}`;
    group(maps, "button", label, map => {
      send(map.querySelector(":scope > rect:last-of-type"), "click");
      say(label(map));
    });
  }
  const params_of = kind => {
    const texts = [...vis.querySelectorAll("svg > text:not(.detail)")].map(text => text.textContent);
    const layers = texts.indexOf("Layers");
    return kind === "heads" ? texts.slice(1, layers) : texts.slice(layers + 1);
  };
  new MutationObserver(prepare).observe(vis, { childList: true });
  prepare();
}
